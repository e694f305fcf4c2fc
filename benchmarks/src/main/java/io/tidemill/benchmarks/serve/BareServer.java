package io.tidemill.benchmarks.serve;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.Version;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;

/**
 * Pekko's HTTP server with nothing behind it, which ours cannot outrun: it takes the whole body of
 * a request and answers with bytes that were recorded, by its low-level handler, with the settings
 * of {@code tidemill serve}.
 *
 * <p>Arguments: a file with the answer to JSON, one with the answer to binary tensors, and how many
 * bytes of that are JSON. Ends with its standard input.
 */
public final class BareServer {
  private static final long BODY_MS = 30_000;

  private BareServer() {}

  public static void main(String[] args) throws IOException {
    HttpResponse json =
        HttpResponse.create()
            .withEntity(ContentTypes.APPLICATION_JSON, Files.readAllBytes(Path.of(args[0])));
    HttpResponse binary =
        HttpResponse.create()
            .withEntity(
                HttpEntities.create(
                    ContentTypes.APPLICATION_OCTET_STREAM, Files.readAllBytes(Path.of(args[1]))))
            .addHeader(RawHeader.create(Question.JSON_LENGTH, args[2]));
    ActorSystem system = ActorSystem.create("bare", config());
    Materializer materializer = SystemMaterializer.get(system).materializer();
    Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        request ->
            read(request, materializer)
                .thenApply(
                    body ->
                        body.getContentType().equals(ContentTypes.APPLICATION_JSON)
                            ? json
                            : binary);
    InetSocketAddress address =
        Http.get(system)
            .newServerAt("127.0.0.1", 0)
            .bind(handler)
            .toCompletableFuture()
            .join()
            .localAddress();
    System.out.println(
        "pekko-http " + Version.current() + " at http://127.0.0.1:" + address.getPort());
    while (System.in.read() >= 0) {
      // nothing is said to it
    }
    System.exit(0);
  }

  private static CompletionStage<HttpEntity.Strict> read(
      HttpRequest request, Materializer materializer) {
    return request.entity() instanceof HttpEntity.Strict whole
        ? CompletableFuture.completedStage(whole)
        : request.entity().toStrict(BODY_MS, materializer);
  }

  /** A thread of the dispatcher a core; ours says the same of its own. */
  private static Config config() {
    int cores = Runtime.getRuntime().availableProcessors();
    String pool = "pekko.actor.default-dispatcher.fork-join-executor.parallelism-";
    String internal = "pekko.actor.internal-dispatcher.fork-join-executor.parallelism-";
    return ConfigFactory.parseMap(
            Map.of(
                pool + "min", cores, pool + "max", cores, internal + "min", 1, internal + "max", 1))
        .withFallback(ConfigFactory.parseResources("tidemill-serving.conf"))
        .withFallback(ConfigFactory.defaultReference())
        .resolve();
  }
}
