package io.tidemill.relay;

import io.tidemill.channel.Channel;
import io.tidemill.codec.Codec;

/**
 * A channel whose other end is in another process.
 *
 * @param number that both processes call it by
 * @param peer where its other end is
 * @param channel this end
 * @param codec of its records
 */
public record RemoteChannel(int number, int peer, Channel channel, Codec<Object> codec) {}
