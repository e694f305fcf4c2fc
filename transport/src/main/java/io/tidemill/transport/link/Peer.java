package io.tidemill.transport.link;

import io.aeron.ExclusivePublication;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Another process of a group, as far as it is known. Confined to the thread of its links. */
final class Peer {
  private final int number;
  private Optional<ExclusivePublication> publication = Optional.empty();
  private byte[] address = {};
  private boolean isAdmitted;
  private int session;

  /** Whether it takes what this process sends. */
  private boolean knowsUs;

  Peer(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** Has a way to it opened, the first time that its address is told. */
  void reach(AeronClient client, String channel) {
    if (publication.isEmpty()) {
      address = channel.getBytes(StandardCharsets.US_ASCII);
      publication = Optional.of(client.publish(new Address(channel, AeronLinks.STREAM)));
    }
  }

  Optional<ExclusivePublication> publication() {
    return publication;
  }

  /** Where it listens; empty while that is not known. */
  byte[] address() {
    return address;
  }

  /** Frames of this stream are its own. */
  void admit(int newSession) {
    isAdmitted = true;
    session = newSession;
  }

  boolean isAdmitted() {
    return isAdmitted;
  }

  boolean isFrom(int ofSession) {
    return isAdmitted && session == ofSession;
  }

  void knowsUs(boolean does) {
    knowsUs |= does;
  }

  boolean knowsUs() {
    return knowsUs;
  }

  void close() {
    publication.ifPresent(ExclusivePublication::close);
  }
}
