package io.tidemill.serving.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Stands between the socket of a connection and its HTTP layer, and sees who ends it.
 *
 * <p>A peer that closes its half of the connection behind a request either waits for the answer or
 * has gone away, and TCP says the same in both cases. Only what is sent to it tells: the system of
 * one that has gone answers with a reset. So while a request is being answered, it is sent {@code
 * 100 Continue} a few times, which every HTTP/1.1 client has to skip (RFC 9110, section 15.2).
 *
 * <p>What arrives while the connection is being closed is read and dropped: otherwise the last
 * answer could not be told from the end, and the system would reset the connection under it.
 */
final class ConnectionGuard
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {
  /** The connection's other parts. */
  interface Watch {
    /** Bytes of a request came. */
    void received();

    /** Whether a request is being answered. */
    boolean isAnswering();
  }

  private static final String LATE =
      "{\"error\":\"the head of the request did not arrive in time: send it whole\"}";

  private static final ByteString REQUEST_TIMEOUT =
      ByteString.fromString(
          "HTTP/1.1 408 Request Timeout\r\nServer: tidemill\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + LATE.length()
              + "\r\n\r\n"
              + LATE);

  /** Some clients take five of them for an attack. */
  private static final int PROBES = 4;

  /** Until the second; each further one waits four times as long. */
  private static final Duration FIRST_PROBE = Duration.ofMillis(50);

  private static final ByteString CONTINUE = ByteString.fromString("HTTP/1.1 100 Continue\r\n\r\n");

  private final Inlet<ByteString> fromSocket = Inlet.create("fromSocket");
  private final Outlet<ByteString> toHttp = Outlet.create("toHttp");
  private final Inlet<ByteString> fromHttp = Inlet.create("fromHttp");
  private final Outlet<ByteString> toSocket = Outlet.create("toSocket");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(fromHttp, toSocket, fromSocket, toHttp);
  private final Watch watch;
  private final CompletableFuture<Done> ended = new CompletableFuture<>();
  private final CompletableFuture<AsyncCallback<Done>> giveUp = new CompletableFuture<>();

  ConnectionGuard(Watch watch) {
    this.watch = watch;
  }

  /**
   * Ends when the peer has gone, or the socket was closed here behind the last byte; never fails.
   */
  CompletableFuture<Done> ended() {
    return ended;
  }

  /** Refuses a request whose head does not come, and closes the connection. Any thread. */
  void giveUp() {
    var _ = giveUp.thenAccept(callback -> callback.invoke(Done.getInstance()));
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private int probes;

    private Logic() {
      super(shape);
      setHandler(fromSocket, new Requests());
      setHandler(toHttp, new RequestsWanted());
      setHandler(fromHttp, new Answers());
      setHandler(toSocket, new AnswersWanted());
    }

    @Override
    public void preStart() {
      giveUp.complete(createAsyncCallback(this::giveUp));
    }

    private void giveUp(Done done) {
      if (!watch.isAnswering() && !isClosed(toSocket)) {
        emit(toSocket, REQUEST_TIMEOUT);
        complete(toSocket);
        cancel(fromHttp);
      }
    }

    @Override
    public void onTimer(Object key) {
      if (watch.isAnswering()) {
        probe();
      }
    }

    /** The first makes the system of a peer that has gone answer, a later one shows that it did. */
    private void probe() {
      if (probes < PROBES && !isClosed(toSocket)) {
        emit(toSocket, CONTINUE);
        scheduleOnce(CONTINUE, FIRST_PROBE.multipliedBy(1L << (2 * probes)));
        probes++;
      }
    }

    @Override
    public void postStop() {
      ended.complete(Done.getInstance());
    }

    private final class Requests extends AbstractInHandler {
      @Override
      public void onPush() {
        ByteString bytes = grab(fromSocket);
        if (isClosed(toHttp)) {
          pull(fromSocket);
        } else {
          watch.received();
          push(toHttp, bytes);
        }
      }

      @Override
      public void onUpstreamFinish() {
        if (watch.isAnswering()) {
          probe();
        } else {
          ended.complete(Done.getInstance());
        }
        complete(toHttp);
      }

      @Override
      public void onUpstreamFailure(Throwable failure) {
        ended.complete(Done.getInstance());
        failStage(failure);
      }
    }

    private final class RequestsWanted extends AbstractOutHandler {
      @Override
      public void onPull() {
        if (!isClosed(fromSocket)) {
          pull(fromSocket);
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        if (!isClosed(fromSocket) && !hasBeenPulled(fromSocket)) {
          pull(fromSocket);
        }
      }
    }

    private final class Answers extends AbstractInHandler {
      @Override
      public void onPush() {
        emit(toSocket, grab(fromHttp));
      }

      @Override
      public void onUpstreamFinish() {
        complete(toSocket);
      }
    }

    private final class AnswersWanted extends AbstractOutHandler {
      @Override
      public void onPull() {
        if (!isClosed(fromHttp) && !hasBeenPulled(fromHttp)) {
          pull(fromHttp);
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        ended.complete(Done.getInstance());
        cancel(fromHttp, cause);
      }
    }
  }
}
