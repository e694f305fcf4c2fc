package io.tidemill.local;

import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Several hosts, or workers, in one process: frames go through queues, in order, and every third
 * time there is no room, so that whatever is sent has to go on where it stopped.
 */
public final class QueueNetwork implements PeerNetwork {
  private static final int MOST_QUEUED = 64;

  private final long seed;
  private final int frameBytes;

  private final Map<String, Queue<byte[]>> ways = new ConcurrentHashMap<>();
  private final AtomicInteger frames = new AtomicInteger();
  private volatile int cutAfter = Integer.MAX_VALUE;

  private volatile long strangers;
  private volatile boolean isOpen;

  QueueNetwork() {
    this(0, 400);
  }

  /** Frames of so many bytes at most; the seed decides when there is no room. */
  public QueueNetwork(long seed, int frameBytes) {
    this.seed = seed;
    this.frameBytes = frameBytes;
  }

  /** From now on there is always room: who leaves does not wait. */
  void open() {
    isOpen = true;
  }

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

  /** How many frames were sent. */
  public int frames() {
    return frames.get();
  }

  @Override
  public PeerLinks lead(Group group) {
    return new Links(group, 0);
  }

  @Override
  public PeerLinks join(Group group, int host, String address) {
    return new Links(group, host);
  }

  private Queue<byte[]> way(Group group, int from, int to) {
    return ways.computeIfAbsent(group + " " + from + " " + to, _ -> new ConcurrentLinkedQueue<>());
  }

  private final class Links implements PeerLinks {
    private final Group group;
    private final int host;
    private final SplittableRandom random;
    private final MemorySegment out = Arena.ofAuto().allocate(frameBytes, 8);
    private final MemorySegment in = Arena.ofAuto().allocate(frameBytes, 8);
    private int claimedFor;
    private int claimed;

    Links(Group group, int host) {
      this.group = group;
      this.host = host;
      this.random = new SplittableRandom(seed + host);
    }

    @Override
    public int peers() {
      return group.peers();
    }

    @Override
    public int self() {
      return host;
    }

    @Override
    public String address() {
      return "queues";
    }

    @Override
    public int mostBytes() {
      return frameBytes;
    }

    @Override
    public long claim(int to, int bytes) {
      boolean isFull =
          !isOpen && (way(group, host, to).size() >= MOST_QUEUED || random.nextInt(3) == 0);
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
      for (int from = 0; from < group.peers(); from++) {
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
