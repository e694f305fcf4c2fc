package io.tidemill.serving.traffic;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Collection;
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
 * @param mostDelayMs mean time from arrival to answer that the canary may take, in milliseconds; it
 *     is taken back as soon as its requests have taken more than {@code trial} times that; 0 for
 *     any
 * @param leastAgreement share of the answers in which the canary has to agree with the stable
 *     version, 0 to 1; asked as the shadow, too, it is promoted once {@code trial} answers were
 *     compared, and taken back as soon as more of them differ than may; 0 for any
 * @param shadow version that is asked everything as well and whose answers are only compared; 0 for
 *     none
 * @param tolerance how far apart two numbers may be that agree, as a share of the larger
 * @param weights shares of several versions, by version, in proportion to their sum; empty where
 *     stable and canary say it
 * @param labels other names of versions
 * @param decisions what became of the canaries before, oldest first
 */
public record Traffic(
    int stable,
    int canary,
    int percent,
    long trial,
    double mostErrors,
    double mostDelayMs,
    double leastAgreement,
    int shadow,
    double tolerance,
    Map<Integer, Integer> weights,
    Map<String, Integer> labels,
    List<String> decisions) {

  /** Everything goes to the latest version. */
  public static final Traffic LATEST =
      new Traffic(0, 0, 0, 0, 0.01, 0, 0, 0, 1e-4, Map.of(), Map.of(), List.of());

  private static final int KEPT_DECISIONS = 20;
  private static final int MOST_WEIGHT = 10_000;

  public Traffic {
    weights = Collections.unmodifiableMap(new TreeMap<>(weights));
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    int older = Math.max(0, decisions.size() - KEPT_DECISIONS);
    decisions = List.copyOf(decisions.subList(older, decisions.size()));
    check(stable >= 0, "stable", "a version, or 0 for the latest", stable);
    check(canary >= 0, "canary", "a version, or 0 for none", canary);
    check(shadow >= 0, "shadow", "a version, or 0 for none", shadow);
    check(percent >= 0 && percent <= 100, "percent", "0 to 100", percent);
    check(trial >= 0, "trial", "a number of requests, or 0 for no end", trial);
    check(mostErrors >= 0 && mostErrors <= 1, "mostErrors", "0 to 1", mostErrors);
    check(
        mostDelayMs >= 0 && mostDelayMs < Double.POSITIVE_INFINITY,
        "mostDelayMs",
        "milliseconds, or 0 for any",
        mostDelayMs);
    check(leastAgreement >= 0 && leastAgreement <= 1, "leastAgreement", "0 to 1", leastAgreement);
    check(
        canary == 0 || leastAgreement == 0 || shadow == canary,
        "leastAgreement",
        "the canary as the shadow, too, so that its answers are compared",
        "shadow " + shadow);
    weights.forEach(
        (version, weight) ->
            check(
                version > 0 && weight > 0 && weight <= MOST_WEIGHT,
                "weights",
                "a share of 1 to " + MOST_WEIGHT + " by version",
                version + ": " + weight));
    check(weights.isEmpty() || canary == 0, "weights", "no canary beside them", "canary " + canary);
    check(tolerance >= 0 && tolerance <= 1, "tolerance", "0 to 1", tolerance);
    check(canary == 0 || stable > 0, "stable", "a version beside a canary", stable);
    check(shadow == 0 || stable > 0, "stable", "a version beside a shadow", stable);
    check(shadow == 0 || shadow != stable, "shadow", "another version than stable", shadow);
    check(canary == 0 || canary != stable, "canary", "another version than stable", canary);
  }

  /** The versions that have to be loaded for it. */
  public List<Integer> versions() {
    return Stream.of(List.of(stable, canary, shadow), labels.values(), weights.keySet())
        .flatMap(Collection::stream)
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
    return new Traffic(
        newStable,
        0,
        0,
        trial,
        mostErrors,
        mostDelayMs,
        leastAgreement,
        shadow == newStable ? 0 : shadow,
        tolerance,
        weights,
        labels,
        all);
  }

  private static void check(boolean holds, String field, String expected, Object found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "traffic %s: expected %s, found %s".formatted(field, expected, found));
    }
  }
}
