package io.tidemill.serving.http;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.UniformFanOutShape;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Broadcast;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.GraphDSL;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * The open connections: answers on each, and tells when a socket has been closed behind its last
 * byte.
 *
 * <p>Pekko's {@code ServerBinding.terminate} cannot tell that: it ends when the answers have left
 * the handler, and an actor system that is stopped then cuts off those that were not yet rendered
 * and written. Here TCP, HTTP and handler are joined by hand, and the TCP end is watched. Any
 * thread.
 */
final class Connections {
  /** What another process may take to open the port again. */
  private static final long STOPPED_SECONDS = 5;

  private static final Connection CLOSE = Connection.create("close");

  @SuppressWarnings("unchecked") // its last type is a SslTlsInbound, and read only
  private static final BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>
      PLAIN =
          (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>)
              (BidiFlow<?, ?, ?, ?, ?>) TLSPlacebo.getInstance();

  private final Function<HttpRequest, CompletionStage<HttpResponse>> handler;
  private final Http http;
  private final ServerSettings settings;
  private final Materializer materializer;
  private final Set<Conversation> open = ConcurrentHashMap.newKeySet();
  private volatile boolean isFinishing;

  /** Connections of one port; {@code handler} never fails. */
  Connections(ActorSystem system, Function<HttpRequest, CompletionStage<HttpResponse>> handler) {
    this.handler = handler;
    this.http = Http.get(system);
    this.settings = ServerSettings.create(system);
    this.materializer = SystemMaterializer.get(system).materializer();
  }

  /** Answers the requests of a connection, one after the other, until it is closed. */
  CompletionStage<Done> serve(Tcp.IncomingConnection connection) {
    AtomicBoolean isAnswering = new AtomicBoolean();
    Caller caller = new Caller();
    Pair<CompletionStage<Done>, UniqueKillSwitch> running =
        socket(connection)
            .joinMat(
                answers(caller, isAnswering).joinMat(httpOverPlainTcp(), Keep.left()), Keep.both())
            .run(materializer);
    Conversation conversation = new Conversation(running.second(), isAnswering);
    open.add(conversation);
    if (isFinishing) {
      conversation.closeIfIdle();
    }
    return running
        .first()
        .handle(
            (done, brokenOff) -> {
              open.remove(conversation);
              caller.leaves();
              return Done.getInstance();
            });
  }

  int count() {
    return open.size();
  }

  /** Takes no more requests: each connection is closed behind the answer that it waits for. */
  void finish() {
    isFinishing = true;
    open.forEach(Conversation::closeIfIdle);
  }

  /**
   * The socket; its future ends when the peer has closed or reset it, or when it was closed here
   * behind the last byte.
   *
   * <p>What arrives while it is being closed is read and dropped: otherwise the last answer could
   * not be told from the end, and the system would reset the connection under it.
   */
  private static Flow<ByteString, ByteString, CompletionStage<Done>> socket(
      Tcp.IncomingConnection connection) {
    return connection
        .flow()
        .watchTermination(Keep.right())
        .viaMat(Flow.fromGraph(GraphDSL.create(Connections::readToTheEnd)), Keep.left());
  }

  private static FlowShape<ByteString, ByteString> readToTheEnd(GraphDSL.Builder<NotUsed> graph) {
    UniformFanOutShape<ByteString, ByteString> both = graph.add(Broadcast.create(2, false));
    graph.from(both.out(1)).to(graph.add(Sink.ignore()));
    return FlowShape.of(both.in(), both.out(0));
  }

  private BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> httpOverPlainTcp() {
    return http.serverLayer(settings).atop(PLAIN);
  }

  private Flow<HttpRequest, HttpResponse, UniqueKillSwitch> answers(
      Caller caller, AtomicBoolean isAnswering) {
    return Flow.<HttpRequest>create()
        .viaMat(KillSwitches.single(), Keep.right())
        .mapAsync(1, request -> answer(caller.sends(request), isAnswering));
  }

  /**
   * The flag is written before {@code isFinishing} is read, and {@link #finish} does it the other
   * way round: so a connection is seen idle by it, or its answer says that it closes.
   */
  private CompletionStage<HttpResponse> answer(HttpRequest request, AtomicBoolean isAnswering) {
    isAnswering.set(true);
    return (isFinishing ? refuse(request) : handler.apply(request))
        .thenApply(
            reply -> {
              isAnswering.set(false);
              return isFinishing ? reply.addHeader(CLOSE) : reply;
            });
  }

  private CompletionStage<HttpResponse> refuse(HttpRequest request) {
    request.discardEntityBytes(materializer);
    return CompletableFuture.completedStage(
        Replies.unavailable(
            "the server is stopping: send the request again, later or elsewhere", STOPPED_SECONDS));
  }

  /** An open connection: the valve before its requests, and whether one is being answered. */
  private record Conversation(UniqueKillSwitch requests, AtomicBoolean isAnswering) {
    /**
     * Closes the connection if nobody waits on it. While a request is being answered, Pekko would
     * break the connection off ("user handler flow was cancelled with ongoing request"); there the
     * answer's {@code Connection: close} does it.
     */
    void closeIfIdle() {
      if (!isAnswering.get()) {
        requests.shutdown();
      }
    }
  }
}
