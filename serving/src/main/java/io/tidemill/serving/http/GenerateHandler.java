package io.tidemill.serving.http;

import io.tidemill.serving.call.Asking;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.stream.GenerateRequest;
import io.tidemill.serving.stream.Generation;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * {@code generate} and {@code generate_stream}: texts that a model writes, whole or token by token
 * as server-sent events.
 *
 * <p>Each text is written by a virtual thread of its own, which waits for one token after the
 * other. When the client leaves, nothing more is computed for it. What goes wrong before the first
 * token is an HTTP status; after it, an event of an {@code error}.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">server-sent
 *     events</a>
 */
final class GenerateHandler {
  /** More than the events of the longest text. */
  private static final int EVENTS = 5_000;

  /** A text that is to be written, and for whom. */
  private record Task(Generation generation, Optional<String> id, Caller caller) {
    Map<String, Object> head() {
      Map<String, Object> head = new LinkedHashMap<>();
      head.put("model_name", generation.modelName());
      head.put("model_version", generation.modelVersion());
      id.ifPresent(given -> head.put("id", given));
      return head;
    }

    /** Who wrote it, and how it is written again. */
    Map<String, Object> parameters() {
      Map<String, Object> parameters = new LinkedHashMap<>();
      parameters.put("lineage", generation.lineage());
      parameters.put("seed", generation.seed());
      return parameters;
    }
  }

  private final HttpParts parts;

  GenerateHandler(HttpParts parts) {
    this.parts = parts;
  }

  CompletionStage<HttpResponse> whole(HttpRequest request, PathValues values) {
    return handle(request, values, this::write)
        .thenApply(reply -> Compression.offer(request, reply));
  }

  CompletionStage<HttpResponse> stream(HttpRequest request, PathValues values) {
    return handle(request, values, this::writeEvents);
  }

  private CompletionStage<HttpResponse> handle(
      HttpRequest request,
      PathValues values,
      BiFunction<Task, CompletableFuture<HttpResponse>, Runnable> writer) {
    HttpCalls.Client client = HttpCalls.Client.of(request);
    return parts
        .bodies()
        .readJson(request)
        .thenCompose(
            body -> {
              Task task = task(body, values, client.caller(), client.asking());
              CompletableFuture<HttpResponse> reply = new CompletableFuture<>();
              Thread.ofVirtual().name("tidemill-generate").start(writer.apply(task, reply));
              return reply;
            });
  }

  private Task task(byte[] body, PathValues values, Caller caller, Asking asking) {
    GenerateRequest request = GenerateRequest.read(body);
    Generation generation =
        Generation.of(
            parts.registry(), parts.calls(), values.model(), values.version(), request, asking);
    return new Task(generation, request.id(), caller);
  }

  private Runnable write(Task task, CompletableFuture<HttpResponse> reply) {
    return () -> {
      try {
        StringBuilder text = new StringBuilder();
        Generation.End end =
            task.generation()
                .run(
                    piece -> {
                      text.append(piece);
                      return true;
                    },
                    task.caller()::ifLeaving);
        task.caller().isAnswered();
        reply.complete(
            switch (end) {
              case Generation.Broken broken -> Replies.refusal(broken.refusal());
              case Generation.Finished finished -> {
                Map<String, Object> answer = task.head();
                answer.put("text_output", text.toString());
                answer.put("finish_reason", finished.reason());
                answer.put("tokens", finished.tokens());
                answer.put("parameters", task.parameters());
                yield Replies.json(200, JsonTree.write(answer));
              }
            });
      } catch (RuntimeException e) {
        reply.complete(Replies.failure(e));
      }
    };
  }

  /** The answer begins with the first token, so that a refusal can still be a status. */
  private Runnable writeEvents(Task task, CompletableFuture<HttpResponse> reply) {
    return () -> {
      Pair<BoundedSourceQueue<ByteString>, Source<ByteString, NotUsed>> events =
          Source.<ByteString>queue(EVENTS).preMaterialize(parts.materializer());
      BoundedSourceQueue<ByteString> queue = events.first();
      Runnable begin = () -> reply.complete(reply(events.second()));
      try {
        Generation.End end =
            task.generation()
                .run(
                    piece -> {
                      Map<String, Object> event = task.head();
                      event.put("text_output", piece);
                      boolean isRead = isTaken(queue, event);
                      begin.run();
                      return isRead;
                    },
                    task.caller()::ifLeaving);
        task.caller().isAnswered();
        if (end instanceof Generation.Broken broken && !reply.isDone()) {
          reply.complete(Replies.refusal(broken.refusal()));
        } else {
          isTaken(queue, last(task, end));
          begin.run();
        }
      } catch (RuntimeException e) {
        if (!reply.complete(Replies.failure(e))) {
          isTaken(queue, Map.of("error", "internal error: " + e));
        }
      } finally {
        queue.complete();
      }
    };
  }

  private static Map<String, Object> last(Task task, Generation.End end) {
    return switch (end) {
      case Generation.Broken broken -> Map.of("error", broken.refusal().sentence());
      case Generation.Finished finished -> {
        Map<String, Object> event = task.head();
        event.put("text_output", "");
        event.put("finish_reason", finished.reason());
        event.put("tokens", finished.tokens());
        event.put("parameters", task.parameters());
        yield event;
      }
    };
  }

  private static boolean isTaken(BoundedSourceQueue<ByteString> queue, Map<String, Object> event) {
    String text = "data: " + new String(JsonTree.write(event), StandardCharsets.UTF_8) + "\n\n";
    return !queue.isCompleted() && queue.offer(ByteString.fromString(text)).isEnqueued();
  }

  private static HttpResponse reply(Source<ByteString, NotUsed> events) {
    return HttpResponse.create()
        .withEntity(HttpEntities.create(MediaTypes.TEXT_EVENT_STREAM.toContentType(), events))
        .addHeader(Replies.header("Cache-Control", "no-cache"));
  }
}
