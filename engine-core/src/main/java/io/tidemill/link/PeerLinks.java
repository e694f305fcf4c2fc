package io.tidemill.link;

/**
 * The ways from one process of a group to the others: what is sent to a peer arrives there whole,
 * once and in order, or not at all from some point on.
 *
 * <p>Confined to one thread, which polls also when it has nothing to send. Nothing here blocks but
 * {@link #close}, for a bounded time.
 */
public interface PeerLinks extends AutoCloseable {
  /** How many peers there are, this one included. */
  int peers();

  /** Which of them this one is; 0 leads. */
  int self();

  /** Where the others reach this one, in words for {@link PeerNetwork#join}. */
  String address();

  /** Most bytes of a frame; at least 256. */
  int mostBytes();

  /**
   * Room for a frame, which {@link #commit} then sends; none other may be asked for before.
   *
   * @return address of {@code bytes} bytes of native memory, a multiple of 8; 0 where there is no
   *     room now, or the peer has not come yet
   */
  long claim(int peer, int bytes);

  /** Sends the frame that was claimed last. */
  void commit();

  /** Takes some of the frames that have come; work done, 0 where there was none. */
  int poll(Receiver receiver);

  /** How many were refused at this one's door: strangers, and peers of another attempt. */
  long refused();

  /** Sends what was committed, as far as that takes little time, and leaves; idempotent. */
  @Override
  void close();

  /** Takes frames. */
  @FunctionalInterface
  interface Receiver {
    /** A frame of {@code peer}: {@code bytes} bytes of native memory, until this returns. */
    void frame(int peer, long address, int bytes);
  }
}
