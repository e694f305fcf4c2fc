package io.tidemill.transport.aeron;

/**
 * Where a rank listens, in a form that others can be told.
 *
 * @param channel Aeron's name of the way there, with numbers and no host names
 * @param stream which of the streams on this way
 */
public record Address(String channel, int stream) {}
