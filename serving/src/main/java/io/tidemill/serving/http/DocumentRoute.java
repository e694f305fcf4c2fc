package io.tidemill.serving.http;

import io.tidemill.serving.access.Scope;
import io.tidemill.serving.openapi.OpenApi;
import io.tidemill.serving.openapi.Operation;
import io.tidemill.serving.protocol.JsonTree;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpMethods;

/** {@code GET /openapi.json}: the routes of this very server, so that it cannot go stale. */
final class DocumentRoute {
  private DocumentRoute() {}

  /** The routes with one more, which describes them all, itself too. */
  static List<Route> addedTo(List<Route> routes, String serverVersion) {
    List<Route> all = new ArrayList<>(routes);
    Supplier<byte[]> document = new Once(() -> document(all, serverVersion));
    all.add(
        Route.of(
            Scope.PUBLIC,
            "openapi",
            HttpMethods.GET,
            "/openapi.json",
            (_, _) -> CompletableFuture.completedStage(Replies.json(200, document.get()))));
    return List.copyOf(all);
  }

  private static byte[] document(List<Route> routes, String serverVersion) {
    List<Operation> operations =
        routes.stream()
            .map(
                route ->
                    new Operation(
                        route.name(),
                        route.method().value(),
                        route.pattern(),
                        route.scope() != Scope.PUBLIC))
            .toList();
    return JsonTree.write(new OpenApi().document(serverVersion, operations));
  }

  /** Made when it is first asked for: a start has no time for it. */
  private static final class Once implements Supplier<byte[]> {
    private final Supplier<byte[]> maker;
    private byte[] made;

    Once(Supplier<byte[]> maker) {
      this.maker = maker;
    }

    @Override
    public synchronized byte[] get() {
      if (made == null) {
        made = maker.get();
      }
      return made;
    }
  }
}
