package io.tidemill.checkpoint;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far a run has come.
 *
 * @param step optimiser updates done
 * @param samples samples that have changed the weights
 * @param sources per source id and split, the offset of the next record
 * @param metrics the latest metrics by name
 * @param properties anything else that is worth a line, by name
 */
public record Progress(
    long step,
    long samples,
    Map<String, SortedMap<String, Long>> sources,
    Map<String, Double> metrics,
    Map<String, String> properties) {

  public Progress {
    SortedMap<String, SortedMap<String, Long>> copied = new TreeMap<>();
    sources.forEach((id, splits) -> copied.put(id, sorted(splits)));
    sources = Collections.unmodifiableSortedMap(copied);
    metrics = sorted(metrics);
    properties = sorted(properties);
  }

  /** Progress without metrics and properties. */
  public static Progress of(long step, long samples, Map<String, SortedMap<String, Long>> sources) {
    return new Progress(step, samples, sources, Map.of(), Map.of());
  }

  private static <V> SortedMap<String, V> sorted(Map<String, V> map) {
    return Collections.unmodifiableSortedMap(new TreeMap<>(map));
  }
}
