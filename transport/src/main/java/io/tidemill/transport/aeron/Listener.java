package io.tidemill.transport.aeron;

import io.aeron.Subscription;

/**
 * Where frames of others arrive. Confined to the thread of its client.
 *
 * @param client whose it is
 * @param subscription what arrives
 * @param address what others are told
 */
public record Listener(AeronClient client, Subscription subscription, Address address)
    implements AutoCloseable {
  @Override
  public void close() {
    subscription.close();
  }
}
