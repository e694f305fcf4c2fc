package io.tidemill.local;

import io.tidemill.train.HostLinks;
import io.tidemill.train.HostNetwork;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Several hosts in one process: frames go through queues, in order, and every third time there is
 * no room, so that whatever is sent has to go on where it stopped.
 */
final class QueueNetwork implements HostNetwork {
  private static final int FRAME_BYTES = 400;
  private static final int MOST_QUEUED = 64;

  private final Map<String, Queue<byte[]>> ways = new ConcurrentHashMap<>();
  private final AtomicInteger frames = new AtomicInteger();
  private volatile int cutAfter = Integer.MAX_VALUE;

  private volatile long strangers;

  /** So many streams have come to each door that are not of the group. */
  QueueNetwork withStrangers(long streams) {
    strangers = streams;
    return this;
  }

  /** Nothing arrives any more when so many frames have gone. */
  QueueNetwork cutAfter(int sent) {
    cutAfter = sent;
    return this;
  }

  int frames() {
    return frames.get();
  }

  @Override
  public HostLinks lead(Group group) {
    return new Links(group, 0);
  }

  @Override
  public HostLinks join(Group group, int host, String address) {
    return new Links(group, host);
  }

  private Queue<byte[]> way(Group group, int from, int to) {
    return ways.computeIfAbsent(group + " " + from + " " + to, _ -> new ConcurrentLinkedQueue<>());
  }

  private final class Links implements HostLinks {
    private final Group group;
    private final int host;
    private final SplittableRandom random;
    private final MemorySegment out = Arena.ofAuto().allocate(FRAME_BYTES, 8);
    private final MemorySegment in = Arena.ofAuto().allocate(FRAME_BYTES, 8);
    private int claimedFor;
    private int claimed;

    Links(Group group, int host) {
      this.group = group;
      this.host = host;
      this.random = new SplittableRandom(host);
    }

    @Override
    public int hosts() {
      return group.hosts();
    }

    @Override
    public int host() {
      return host;
    }

    @Override
    public String address() {
      return "queues";
    }

    @Override
    public int mostBytes() {
      return FRAME_BYTES;
    }

    @Override
    public long claim(int to, int bytes) {
      boolean isFull = way(group, host, to).size() >= MOST_QUEUED || random.nextInt(3) == 0;
      claimedFor = to;
      claimed = bytes;
      return isFull ? 0 : out.address();
    }

    @Override
    public void commit() {
      if (frames.incrementAndGet() <= cutAfter) {
        byte[] frame = out.asSlice(0, claimed).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        way(group, host, claimedFor).add(frame);
      }
    }

    @Override
    public int poll(Receiver receiver) {
      int taken = 0;
      for (int from = 0; from < group.hosts(); from++) {
        byte[] frame = from == host ? null : way(group, from, host).poll();
        if (frame != null) {
          MemorySegment.copy(MemorySegment.ofArray(frame), 0, in, 0, frame.length);
          receiver.frame(from, in.address(), frame.length);
          taken++;
        }
      }
      return taken;
    }

    @Override
    public long refused() {
      return strangers;
    }

    @Override
    public void close() {}
  }
}
