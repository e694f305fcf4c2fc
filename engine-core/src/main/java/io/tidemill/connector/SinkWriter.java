package io.tidemill.connector;

/**
 * Writes records in two phases, so that a failure neither loses nor repeats one.
 *
 * <p>Confined to one thread at a time; may block. The order of calls: {@code write* prepare
 * [commit]} for each checkpoint, {@code finish} once at the end of a bounded stream, {@code close}
 * always. What was written after the last committed checkpoint is undone when the sink is opened
 * with that checkpoint's state.
 *
 * @param <T> the record type
 */
public interface SinkWriter<T> extends AutoCloseable {

  /** Takes one record; it need not be durable before {@link #prepare}. */
  void write(T record);

  /** Makes durable what was written, and returns the state that leads back to here. */
  byte[] prepare();

  /** Tells that the checkpoint with this state is committed. */
  void commit(byte[] state);

  /** Makes the whole result visible at once; nothing is written afterwards. */
  void finish();

  /** Releases what is open; may be called again. Leaves an unfinished result invisible. */
  @Override
  void close();
}
