package io.tidemill.transport.aeron;

import io.aeron.Image;
import io.aeron.logbuffer.Header;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.collections.IntHashSet;

/**
 * Streams that were turned away at a door, and how many these are.
 *
 * <p>Confined to the thread of its client, but for {@link #count}.
 */
public final class Refusals {
  private static final int FORGET = 1024;

  private final IntHashSet sessions = new IntHashSet();
  private final AtomicLong count = new AtomicLong();

  /** Turns the stream of a frame away, with all that it still sends; counted once. */
  public void refuse(Header header, String why) {
    if (sessions.size() == FORGET) {
      sessions.clear();
    }
    if (sessions.add(header.sessionId())) {
      count.incrementAndGet();
      ((Image) header.context()).reject(why);
    }
  }

  /** Streams that were turned away. */
  public long count() {
    return count.get();
  }
}
