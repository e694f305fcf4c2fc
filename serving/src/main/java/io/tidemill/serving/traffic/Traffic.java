package io.tidemill.serving.traffic;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How the requests for a model that name no version are shared among its versions; a value.
 *
 * @param stable version that answers them; 0 for the latest, which is then exchanged as new ones
 *     are published
 * @param canary version that answers some of them instead; 0 for none
 * @param percent of them that the canary answers, 0 to 100
 * @param trial after how many requests the canary becomes the stable version; 0 for never
 * @param mostErrors share of those requests that may end in an error (5xx) of ours, 0 to 1; as soon
 *     as there are more than that of {@code trial}, the canary is taken back
 * @param shadow version that is asked everything as well and whose answers are only compared; 0 for
 *     none
 * @param tolerance how far apart two numbers may be that agree, as a share of the larger
 * @param labels other names of versions
 * @param decisions what became of the canaries before, oldest first
 */
public record Traffic(
    int stable,
    int canary,
    int percent,
    long trial,
    double mostErrors,
    int shadow,
    double tolerance,
    Map<String, Integer> labels,
    List<String> decisions) {

  /** Everything goes to the latest version. */
  public static final Traffic LATEST = new Traffic(0, 0, 0, 0, 0.01, 0, 1e-4, Map.of(), List.of());

  private static final int KEPT_DECISIONS = 20;

  public Traffic {
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    int older = Math.max(0, decisions.size() - KEPT_DECISIONS);
    decisions = List.copyOf(decisions.subList(older, decisions.size()));
    check(stable >= 0, "stable", "a version, or 0 for the latest", stable);
    check(canary >= 0, "canary", "a version, or 0 for none", canary);
    check(shadow >= 0, "shadow", "a version, or 0 for none", shadow);
    check(percent >= 0 && percent <= 100, "percent", "0 to 100", percent);
    check(trial >= 0, "trial", "a number of requests, or 0 for no end", trial);
    check(mostErrors >= 0 && mostErrors <= 1, "mostErrors", "0 to 1", mostErrors);
    check(tolerance >= 0 && tolerance <= 1, "tolerance", "0 to 1", tolerance);
    check(canary == 0 || stable > 0, "stable", "a version beside a canary", stable);
    check(shadow == 0 || stable > 0, "stable", "a version beside a shadow", stable);
    check(shadow == 0 || shadow != stable, "shadow", "another version than stable", shadow);
    check(canary == 0 || canary != stable, "canary", "another version than stable", canary);
  }

  /** The versions that have to be loaded for it. */
  public List<Integer> versions() {
    return Stream.concat(Stream.of(stable, canary, shadow), labels.values().stream())
        .filter(version -> version > 0)
        .distinct()
        .sorted()
        .toList();
  }

  /** With the canary as the stable version. */
  public Traffic promoted(String reason) {
    return ended(canary, "version %d promoted: %s".formatted(canary, reason));
  }

  /** Without the canary. */
  public Traffic rolledBack(String reason) {
    return ended(stable, "version %d taken back: %s".formatted(canary, reason));
  }

  private Traffic ended(int newStable, String decision) {
    check(canary > 0, "canary", "one that is on trial", "none");
    List<String> all = Stream.concat(decisions.stream(), Stream.of(decision)).toList();
    return new Traffic(newStable, 0, 0, trial, mostErrors, shadow, tolerance, labels, all);
  }

  private static void check(boolean holds, String field, String expected, Object found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "traffic %s: expected %s, found %s".formatted(field, expected, found));
    }
  }
}
