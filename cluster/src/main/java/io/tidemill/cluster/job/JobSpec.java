package io.tidemill.cluster.job;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a user asks the cluster to run.
 *
 * @param pipeline an example's name, or {@code FILE.jar!Class}
 * @param params its parameters
 * @param seed where everything random of it derives from
 * @param workers how many ranks train side by side; changes speed and no bit
 */
public record JobSpec(String pipeline, Map<String, String> params, long seed, int workers) {
  public JobSpec {
    params = Collections.unmodifiableMap(new TreeMap<>(params));
  }

  /** The same on another number of workers. */
  public JobSpec withWorkers(int newWorkers) {
    return new JobSpec(pipeline, params, seed, newWorkers);
  }
}
