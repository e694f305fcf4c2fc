package io.tidemill.cluster.http;

import static io.tidemill.serving.http.Replies.json;

import io.tidemill.checkpoint.EventLog;
import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.JobLogs;
import io.tidemill.cluster.job.JobSpec;
import io.tidemill.cluster.job.JobStatus;
import io.tidemill.cluster.message.HeadAnswer.Graph;
import io.tidemill.cluster.message.HeadAnswer.JobView;
import io.tidemill.cluster.message.HeadAnswer.Overview;
import io.tidemill.cluster.message.HeadMessage;
import io.tidemill.cluster.node.HeadClient;
import io.tidemill.cluster.worker.Pipelines;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.local.JobGraph;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.serving.access.Scope;
import io.tidemill.serving.http.BodyReader;
import io.tidemill.serving.http.Handler;
import io.tidemill.serving.http.HttpParts;
import io.tidemill.serving.http.PathValues;
import io.tidemill.serving.http.Replies;
import io.tidemill.serving.http.Route;
import io.tidemill.serving.http.RouteGroup;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Materializer;

/**
 * The {@code /api} of a head: jobs in, how they stand out. Any node with the role answers; what has
 * to be decided it asks the head.
 */
public final class Api implements RouteGroup {
  private static final int MOST_SPEC_BYTES = 1 << 20;
  private static final int MOST_JAR_BYTES = 64 << 20;
  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(60);
  private static final long ENDING_NS = 10_000_000_000L;
  private static final long ENDING_LOOK_MS = 50;

  private final HeadClient head;
  private final String address;
  private final Pipelines pipelines;
  private final Path state;

  /** Checking a pipeline reads its sources, which may take a while. */
  private final Executor checks =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("api-checks").factory());

  /**
   * The API of the node at {@code address}.
   *
   * @param state the state directory, where logs and histories are read and jars are put
   */
  public Api(HeadClient head, String address, Pipelines pipelines, Path state) {
    this.head = head;
    this.address = address;
    this.pipelines = pipelines;
    this.state = state;
  }

  @Override
  public List<Route> routes(HttpParts parts) {
    Materializer materializer = parts.materializer();
    BodyReader specs = new BodyReader(MOST_SPEC_BYTES, BODY_TIMEOUT, materializer);
    BodyReader jars = new BodyReader(MOST_JAR_BYTES, BODY_TIMEOUT, materializer);
    String job = "/api/jobs/{job}";
    return List.of(
        route("api-cluster", HttpMethods.GET, "/api/cluster", this::cluster),
        route("api-jobs", HttpMethods.GET, "/api/jobs", this::jobs),
        route("api-submit", HttpMethods.POST, "/api/jobs", (r, _) -> submit(specs, r)),
        route("api-job", HttpMethods.GET, job, this::job),
        route("api-cancel", HttpMethods.DELETE, job, this::cancel),
        route("api-resume", HttpMethods.POST, job + "/resume", (r, v) -> resume(specs, r, v)),
        route("api-savepoint", HttpMethods.POST, job + "/savepoint", this::savepoint),
        route("api-scale", HttpMethods.POST, job + "/scale", (r, v) -> scale(specs, r, v)),
        route("api-graph", HttpMethods.GET, job + "/graph", this::graph),
        route("api-checkpoints", HttpMethods.GET, job + "/checkpoints", this::checkpoints),
        route("api-metrics", HttpMethods.GET, job + "/metrics", this::metrics),
        route("api-logs", HttpMethods.GET, job + "/logs", this::logs),
        route("api-jar", HttpMethods.POST, "/api/jars", (r, _) -> jar(jars, r)));
  }

  private static Route route(String name, HttpMethod method, String pattern, Handler handler) {
    return Route.of(Scope.ADMIN, name, method, pattern, handler);
  }

  private CompletionStage<HttpResponse> cluster(HttpRequest request, PathValues values) {
    return head.look()
        .thenApply(
            overview ->
                json(200, ApiJson.bytes(ApiJson.cluster(overview, head.members(), address))));
  }

  private CompletionStage<HttpResponse> jobs(HttpRequest request, PathValues values) {
    return head.look().thenApply(overview -> json(200, ApiJson.bytes(ApiJson.jobs(overview))));
  }

  private CompletionStage<HttpResponse> job(HttpRequest request, PathValues values) {
    return head.look()
        .thenApply(
            overview ->
                json(200, ApiJson.bytes(ApiJson.job(find(overview, values), overview.workers()))));
  }

  private CompletionStage<HttpResponse> submit(BodyReader bodies, HttpRequest request) {
    return bodies
        .readJson(request)
        .thenApplyAsync(this::checked, checks)
        .thenCompose(
            checked ->
                head.ask(
                    asker ->
                        new HeadMessage.Submit(
                            checked.spec, checked.name, checked.fingerprint, asker)))
        .thenApply(overview -> one(201, overview));
  }

  private record Checked(JobSpec spec, String name, String fingerprint) {}

  /** Refuses what no worker could run, before it is a job. */
  private Checked checked(byte[] body) {
    JobSpec spec = ApiJson.spec(body);
    String name = pipelines.find(spec.pipeline()).job();
    DataflowGraph graph = defined(spec);
    boolean isOpen = spec.workers() == JobOptions.AS_DECLARED;
    return new Checked(
        isOpen ? spec.withWorkers(graph.declaredWorkers()) : spec, name, graph.fingerprint());
  }

  private DataflowGraph defined(JobSpec spec) {
    Pipelines.Named named = pipelines.find(spec.pipeline());
    JobOptions options = JobOptions.of(named.job(), named.name(), state).withSeed(spec.seed());
    return LocalJob.graph(named.definition(), new Params(spec.params(), spec.seed()), options);
  }

  private CompletionStage<HttpResponse> cancel(HttpRequest request, PathValues values) {
    return head.ask(asker -> new HeadMessage.Cancel(values.get("job"), asker))
        .thenApply(overview -> one(200, overview));
  }

  private CompletionStage<HttpResponse> savepoint(HttpRequest request, PathValues values) {
    return head.savepoint(values.get("job")).thenApply(saved -> json(201, ApiJson.bytes(saved)));
  }

  private CompletionStage<HttpResponse> resume(
      BodyReader bodies, HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
        .thenCombineAsync(known(values), this::goBack, checks)
        .thenCompose(view -> head.ask(asker -> new HeadMessage.Resume(view.job().id(), asker)))
        .thenApply(overview -> one(200, overview));
  }

  /** Where the request names a checkpoint, the job is to go on from that. */
  private JobView goBack(byte[] body, JobView view) {
    OptionalLong checkpoint = ApiJson.from(body);
    Job job = view.job();
    if (checkpoint.isPresent() && job.status().isResumable()) {
      awaitLetGo(job.id());
      JobDirectory.goBack(state, job.id(), checkpoint.getAsLong());
    }
    return view;
  }

  /** A job that was cancelled a moment ago may still be ending. */
  private void awaitLetGo(String job) {
    long started = System.nanoTime();
    try {
      while (JobDirectory.isHeld(state, job) && System.nanoTime() - started < ENDING_NS) {
        TimeUnit.MILLISECONDS.sleep(ENDING_LOOK_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private CompletionStage<HttpResponse> scale(
      BodyReader bodies, HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
        .thenCompose(
            body -> {
              int workers = ApiJson.workers(body);
              return head.ask(asker -> new HeadMessage.Scale(values.get("job"), workers, asker));
            })
        .thenApply(overview -> one(200, overview));
  }

  /** As it runs or, where it does not, as it is defined. */
  private CompletionStage<HttpResponse> graph(HttpRequest request, PathValues values) {
    return head.look()
        .thenCompose(
            overview -> {
              JobView view = find(overview, values);
              Job job = view.job();
              CompletionStage<JobGraph> graph =
                  job.status() == JobStatus.RUNNING
                      ? head.graph(job.id()).thenApply(Graph::graph)
                      : CompletableFuture.supplyAsync(
                          () -> JobGraph.of(defined(job.spec())), checks);
              return graph.thenApply(
                  found -> json(200, ApiJson.bytes(GraphJson.of(job, found, overview.workers()))));
            });
  }

  private CompletionStage<HttpResponse> checkpoints(HttpRequest request, PathValues values) {
    return events(values, "checkpoint");
  }

  private CompletionStage<HttpResponse> metrics(HttpRequest request, PathValues values) {
    return known(values)
        .thenApply(
            view -> {
              List<Map<String, Object>> taken = eventsOf(view, "checkpoint");
              Object metrics =
                  taken.isEmpty() ? Map.of() : taken.getLast().getOrDefault("metrics", Map.of());
              return json(200, ApiJson.bytes(metrics));
            });
  }

  private CompletionStage<HttpResponse> logs(HttpRequest request, PathValues values) {
    LogQuery query = LogQuery.of(request.getUri().query().toMap());
    return known(values)
        .thenApply(
            view -> {
              byte[] text = query.answer(new JobLogs(state, view.job().id()));
              return Replies.bytes(200, ContentTypes.TEXT_PLAIN_UTF8, text);
            });
  }

  private CompletionStage<HttpResponse> events(PathValues values, String kind) {
    return known(values).thenApply(view -> json(200, ApiJson.bytes(eventsOf(view, kind))));
  }

  private List<Map<String, Object>> eventsOf(JobView view, String kind) {
    return EventLog.read(folder(view)).stream()
        .filter(event -> kind.equals(event.get("event")))
        .toList();
  }

  /** Keeps a jar under the hash of its bytes; that is then the pipeline's name. */
  private CompletionStage<HttpResponse> jar(BodyReader bodies, HttpRequest request) {
    return bodies
        .read(request)
        .thenApplyAsync(
            body -> {
              try {
                String hash =
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
                Path jars = Files.createDirectories(state.resolve("jars"));
                Path jar = jars.resolve(hash + ".jar").toAbsolutePath();
                if (!Files.exists(jar)) {
                  Path arriving = Files.createTempFile(jars, "arriving", ".tmp");
                  Files.write(arriving, body);
                  DurableFiles.rename(arriving, jar);
                }
                return json(201, ApiJson.bytes(Map.of("path", jar.toString())));
              } catch (IOException e) {
                throw new EngineException(
                    ErrorCode.RESOURCE, "the jar cannot be kept in " + state + ": " + e, e);
              } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
              }
            },
            checks);
  }

  private CompletionStage<JobView> known(PathValues values) {
    return head.look().thenApply(overview -> find(overview, values));
  }

  private static JobView find(Overview overview, PathValues values) {
    String id = values.get("job");
    return overview.jobs().stream()
        .filter(view -> view.job().id().equals(id))
        .findFirst()
        .orElseThrow(() -> new EngineException(ErrorCode.NOT_FOUND, "there is no job " + id));
  }

  private static HttpResponse one(int status, Overview overview) {
    return json(status, ApiJson.bytes(ApiJson.job(overview.jobs().getFirst(), overview.workers())));
  }

  private Path folder(JobView view) {
    return state.resolve("jobs").resolve(view.job().id());
  }
}
