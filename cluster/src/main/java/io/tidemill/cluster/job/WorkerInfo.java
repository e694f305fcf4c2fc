package io.tidemill.cluster.job;

import java.util.List;

/**
 * A worker process, as it introduces itself.
 *
 * @param id one process: another one under the same name has another id
 * @param name what people call it
 * @param address of its node in the cluster, {@code host:port}
 * @param process how to find the process where it runs
 * @param slots ranks that it takes
 * @param devices what computes in it
 */
public record WorkerInfo(
    String id, String name, String address, HostProcess process, int slots, List<String> devices) {
  public WorkerInfo {
    devices = List.copyOf(devices);
  }

  /**
   * Names the host whose memory it shares with others: of processes that the system does not show
   * each other, or that have addresses of their own, each is on its own.
   */
  public String host() {
    return process.host() + " " + address.substring(0, address.lastIndexOf(':'));
  }
}
