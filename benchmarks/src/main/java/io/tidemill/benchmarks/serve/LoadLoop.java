package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * Sends one request over and over at times that are set beforehand, whether or not earlier ones
 * have been answered: a server that is slow gets no respite, and the latency of a request counts
 * from when it was due. (wrk waits for answers.)
 *
 * <p>A connection carries one request at a time; one that breaks is opened anew. Confined to one
 * thread, which never blocks on a server.
 */
final class LoadLoop implements AutoCloseable {
  private static final int ROOM = 64 << 10;
  private static final long DRAIN_NS = 5_000_000_000L;
  private static final long TICK_NS = 1_000_000;

  private final InetSocketAddress address;
  private final byte[] request;
  private final Selector selector;
  private final Deque<Line> idle = new ArrayDeque<>();
  private final int lines;
  private Consumer<Answer> taker = _ -> {};

  /**
   * Opens the connections.
   *
   * @param url where the server listens
   * @param request the bytes of a whole HTTP request
   */
  LoadLoop(URI url, byte[] request, int connections) {
    this.address = new InetSocketAddress(url.getHost(), url.getPort());
    this.request = request;
    this.lines = connections;
    try {
      selector = Selector.open();
      for (int i = 0; i < connections; i++) {
        idle.add(new Line());
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /**
   * Sends on each connection as soon as it has its answer.
   *
   * @param goesOn asked before each request
   * @param answers takes each answer, in this thread
   */
  void closedLoop(BooleanSupplier goesOn, Consumer<Answer> answers) {
    taker = answers;
    try {
      while (goesOn.getAsBoolean()) {
        while (!idle.isEmpty()) {
          idle.poll().send(System.nanoTime());
        }
        turn(1);
      }
      drain();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /**
   * Sends so many requests a second: those of a millisecond at its beginning.
   *
   * @param perSecond asked each millisecond
   * @param goesOn asked each millisecond
   * @param answers takes each answer, in this thread
   * @return requests that were due while no connection was free; they are not sent
   */
  long openLoop(DoubleSupplier perSecond, BooleanSupplier goesOn, Consumer<Answer> answers) {
    taker = answers;
    long unsent = 0;
    double owed = 0;
    try {
      long tickNs = System.nanoTime();
      while (goesOn.getAsBoolean()) {
        for (; tickNs <= System.nanoTime(); tickNs += TICK_NS) {
          for (owed += perSecond.getAsDouble() * TICK_NS / 1e9; owed >= 1; owed--) {
            if (idle.isEmpty()) {
              unsent++;
            } else {
              idle.poll().send(tickNs);
            }
          }
        }
        turn(1);
      }
      drain();
      return unsent;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Waits for the answers that are under way; those that do not come count as broken. */
  private void drain() throws IOException {
    long endNs = System.nanoTime() + DRAIN_NS;
    while (idle.size() < lines && System.nanoTime() < endNs) {
      turn(1);
    }
    for (SelectionKey key : selector.keys().toArray(SelectionKey[]::new)) {
      Line line = (Line) key.attachment();
      if (line.isBusy) {
        line.breakOff();
      }
    }
  }

  private void turn(long waitMs) throws IOException {
    selector.select(waitMs);
    Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
    while (ready.hasNext()) {
      SelectionKey key = ready.next();
      ready.remove();
      if (key.isValid()) {
        ((Line) key.attachment()).advance(key);
      }
    }
  }

  @Override
  public void close() {
    try {
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static EngineException failure(IOException e) {
    return new EngineException(
        ErrorCode.RESOURCE, "the load of the benchmark cannot be made: " + e.getMessage(), e);
  }

  /** A connection. */
  private final class Line {
    private final ByteBuffer received = ByteBuffer.allocate(ROOM);
    private final ByteBuffer out = ByteBuffer.wrap(request);
    private SocketChannel channel;
    private SelectionKey key;
    private long dueNs;
    private boolean isBusy;

    Line() throws IOException {
      open();
    }

    private void open() throws IOException {
      channel = SocketChannel.open(address);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false);
      key = channel.register(selector, SelectionKey.OP_READ, this);
      received.clear();
    }

    void send(long due) throws IOException {
      dueNs = due;
      isBusy = true;
      out.rewind();
      write();
    }

    void advance(SelectionKey ready) throws IOException {
      if (ready.isWritable()) {
        write();
      }
      if (ready.isValid() && ready.isReadable()) {
        read();
      }
    }

    private void write() throws IOException {
      try {
        channel.write(out);
      } catch (IOException e) {
        breakOff();
        return;
      }
      key.interestOps(
          out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    }

    private void read() throws IOException {
      int count;
      try {
        count = channel.read(received);
      } catch (IOException e) {
        count = -1;
      }
      if (count < 0) {
        breakOff();
        return;
      }
      received.flip();
      Optional<Answer> answer =
          isBusy ? Answer.read(received, dueNs, System.nanoTime()) : Optional.empty();
      received.compact();
      if (answer.isPresent()) {
        isBusy = false;
        idle.add(this);
        taker.accept(answer.get());
      }
    }

    private void breakOff() throws IOException {
      key.cancel();
      channel.close();
      boolean wasBusy = isBusy;
      isBusy = false;
      open();
      if (wasBusy) {
        idle.add(this);
        taker.accept(Answer.broken(dueNs, System.nanoTime()));
      }
    }
  }
}
