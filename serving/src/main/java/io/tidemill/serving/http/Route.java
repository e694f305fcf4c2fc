package io.tidemill.serving.http;

import io.tidemill.serving.access.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpMethod;

/**
 * A path pattern such as {@code /v2/models/{model}/infer} with one method.
 *
 * @param scope who may use it
 * @param name for counters, for example {@code infer}
 * @param segments literal, or a name in braces, with a suffix behind it or none
 */
public record Route(
    Scope scope, String name, HttpMethod method, List<String> segments, Handler handler) {
  public Route {
    segments = List.copyOf(segments);
  }

  /** A route for {@code pattern}, whose named parts stand in braces. */
  public static Route of(
      Scope scope, String name, HttpMethod method, String pattern, Handler handler) {
    return new Route(scope, name, method, Router.segments(pattern), handler);
  }

  /** The pattern that it was made of. */
  String pattern() {
    return "/" + String.join("/", segments);
  }

  /** For example {@code POST /v2/models/{model}/infer}. */
  @Override
  public String toString() {
    return method.value() + " " + pattern();
  }

  /** The named parts where {@code path} matches. */
  Optional<PathValues> match(List<String> path) {
    if (path.size() != segments.size()) {
      return Optional.empty();
    }
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < path.size(); i++) {
      String expected = segments.get(i);
      String suffix = expected.substring(expected.indexOf('}') + 1);
      int named = path.get(i).length() - suffix.length();
      if (!expected.startsWith("{")) {
        if (!expected.equals(path.get(i))) {
          return Optional.empty();
        }
      } else if (named > 0 && path.get(i).endsWith(suffix)) {
        values.put(expected.substring(1, expected.indexOf('}')), path.get(i).substring(0, named));
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(new PathValues(values));
  }
}
