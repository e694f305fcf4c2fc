package io.tidemill.serving.http;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * The open connections: answers on each, and tells when a socket has been closed behind its last
 * byte.
 *
 * <p>Pekko's {@code ServerBinding.terminate} cannot tell that: it ends when the answers have left
 * the handler, and an actor system that is stopped then cuts off those that were not yet rendered
 * and written. Here TCP, HTTP and handler are joined by hand, and a {@link ConnectionGuard} watches
 * the TCP end. Any thread.
 */
final class Connections {
  /** What another process may take to open the port again. */
  private static final long STOPPED_SECONDS = 5;

  private static final String STOPPING =
      "the server is stopping: send the request again, later or elsewhere";

  private static final long CROWDED_SECONDS = 1;
  private static final int LOOKS_PER_TIMEOUT = 4;

  private static final Connection CLOSE = Connection.create("close");

  @SuppressWarnings("unchecked") // its last type is a SslTlsInbound, and read only
  private static final BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>
      PLAIN =
          (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>)
              (BidiFlow<?, ?, ?, ?, ?>) TLSPlacebo.getInstance();

  /**
   * What bounds the connections of a port.
   *
   * @param most that are answered; further ones are refused by their first request
   * @param headTimeout how long the head of a request may take from its first byte
   * @param bodyBytes of requests that are not answered, over all connections
   */
  record Bounds(int most, Duration headTimeout, long bodyBytes) {}

  private final Function<HttpRequest, CompletionStage<HttpResponse>> handler;
  private final Bounds bounds;
  private final BodyBudget budget;
  private final Http http;
  private final ServerSettings settings;
  private final Materializer materializer;
  private final Set<Open> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger admitted = new AtomicInteger();
  private volatile boolean isFinishing;

  /** Connections of one port; {@code handler} never fails. */
  Connections(
      ActorSystem system,
      Bounds bounds,
      Function<HttpRequest, CompletionStage<HttpResponse>> handler) {
    this.handler = handler;
    this.bounds = bounds;
    this.budget = new BodyBudget(bounds.bodyBytes());
    this.http = Http.get(system);
    this.settings = ServerSettings.create(system);
    this.materializer = SystemMaterializer.get(system).materializer();
    Duration every = bounds.headTimeout().dividedBy(LOOKS_PER_TIMEOUT);
    system
        .scheduler()
        .scheduleWithFixedDelay(every, every, this::closeThoseWithLateHeads, system.dispatcher());
  }

  /** Answers the requests of a connection, one after the other, until it is closed. */
  CompletionStage<Done> serve(Tcp.IncomingConnection connection) {
    boolean isRefused = admitted.incrementAndGet() > bounds.most();
    Conversation conversation = new Conversation();
    Caller caller = new Caller(connection.remoteAddress().getAddress(), budget);
    ConnectionGuard guard = new ConnectionGuard(conversation);
    Function<HttpRequest, CompletionStage<HttpResponse>> answer =
        isRefused ? this::refuseOneTooMany : request -> handler.apply(caller.sends(request));
    UniqueKillSwitch requests =
        Flow.<HttpRequest>create()
            .viaMat(KillSwitches.single(), Keep.right())
            .mapAsync(1, request -> answer(request, answer, conversation, caller))
            .join(httpOverPlainTcp().atop(BidiFlow.fromGraph(guard)))
            .joinMat(connection.flow(), Keep.left())
            .run(materializer);
    Open opened = new Open(conversation, requests, guard);
    open.add(opened);
    if (isFinishing) {
      opened.closeIfIdle();
    }
    return guard
        .ended()
        .thenApply(
            done -> {
              open.remove(opened);
              admitted.decrementAndGet();
              caller.leaves();
              return done;
            });
  }

  long heldBodyBytes() {
    return budget.heldBytes();
  }

  int count() {
    return open.size();
  }

  /** Takes no more requests: each connection is closed behind the answer that it waits for. */
  void finish() {
    isFinishing = true;
    open.forEach(Open::closeIfIdle);
  }

  /** A client that sends a byte now and then would otherwise keep its connection for ever. */
  private void closeThoseWithLateHeads() {
    long nowNs = System.nanoTime();
    for (Open connection : open) {
      if (connection.conversation().isHeadLate(nowNs, bounds.headTimeout().toNanos())) {
        connection.guard().giveUp();
      }
    }
  }

  private BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> httpOverPlainTcp() {
    return http.serverLayer(settings).atop(PLAIN);
  }

  /**
   * The flag is written before {@code isFinishing} is read, and {@link #finish} does it the other
   * way round: so a connection is seen idle by it, or its answer says that it closes.
   */
  private CompletionStage<HttpResponse> answer(
      HttpRequest request,
      Function<HttpRequest, CompletionStage<HttpResponse>> answer,
      Conversation conversation,
      Caller caller) {
    conversation.begins();
    return (isFinishing ? refuse(request, STOPPING, STOPPED_SECONDS) : answer.apply(request))
        .thenApply(
            reply -> {
              caller.isDone();
              conversation.ends();
              return isFinishing ? reply.addHeader(CLOSE) : reply;
            });
  }

  private CompletionStage<HttpResponse> refuseOneTooMany(HttpRequest request) {
    String sentence =
        "too many connections: expected at most %d; close some, or send the request again later"
            .formatted(bounds.most());
    return refuse(request, sentence, CROWDED_SECONDS).thenApply(reply -> reply.addHeader(CLOSE));
  }

  private CompletionStage<HttpResponse> refuse(
      HttpRequest request, String sentence, long retryAfterSeconds) {
    request.discardEntityBytes(materializer);
    return CompletableFuture.completedStage(Replies.unavailable(sentence, retryAfterSeconds));
  }

  /** An open connection, and the valve before its requests. */
  private record Open(Conversation conversation, UniqueKillSwitch requests, ConnectionGuard guard) {
    void closeIfIdle() {
      conversation.closeIfIdle(requests);
    }
  }
}
