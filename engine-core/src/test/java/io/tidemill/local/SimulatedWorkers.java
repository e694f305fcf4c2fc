package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.task.InlineFetcher;
import io.tidemill.task.Task;
import io.tidemill.task.TaskReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A job whose tasks are on several workers, all on the calling thread: who comes next, and when a
 * link has no room, is decided by a seed. What lies between the workers are links only.
 */
final class SimulatedWorkers implements Members, AutoCloseable {
  private static final long SLICE_NS = 1_000_000;

  private final PipelineDefinition definition;
  private final Params params;
  private final JobOptions options;
  private final Device device;
  private final QueueNetwork network;
  private final Random random;
  private final int fetchRecords;
  private final List<Worker> workers = new ArrayList<>();
  private final SimulatedJob leading;
  private long nowNs;

  /** Another worker than the leading one. */
  private final class Worker {
    final TaskShare share;
    final List<Task> tasks = new ArrayList<>();

    Worker(TaskRendezvous place, int number) {
      DataflowGraph graph = LocalJob.graph(definition, params, options);
      TaskGroup group = TaskGroup.at(place, options, graph);
      share =
          new TaskShare(
              graph,
              options,
              place,
              number,
              network.join(group.peers(), number, place.address()),
              device,
              (_, opener) -> new InlineFetcher(fetchRecords, opener),
              () -> nowNs);
      tasks.add(share.relay());
    }

    void turn() {
      if (share.isReady() && tasks.size() == 1) {
        share.make().forEach(placed -> tasks.add(placed.task()));
      }
      Collections.shuffle(tasks, random);
      for (Task task : tasks) {
        try {
          task.doWork();
        } catch (RuntimeException e) {
          share.reports().send(new TaskReport.Failed(task.id(), e));
        }
        nowNs += SLICE_NS;
      }
    }
  }

  SimulatedWorkers(
      PipelineDefinition definition,
      Params params,
      JobOptions options,
      Device device,
      long seed,
      int frameBytes) {
    this.definition = definition;
    this.params = params;
    this.options = options;
    this.device = device;
    this.network = new QueueNetwork(seed, frameBytes);
    this.random = new Random(seed);
    this.fetchRecords = 1 + random.nextInt(50);
    this.leading =
        new SimulatedJob(
            definition,
            params,
            options,
            device,
            random.nextLong(),
            fetchRecords,
            JobListener.NONE,
            Optional.of(MemberOptions.of(this).withNetwork(network)));
  }

  @Override
  public void join(Rendezvous place) {
    throw new AssertionError("no training has ranks here: " + place);
  }

  @Override
  public void joinTasks(TaskRendezvous place) {
    for (int worker = 1; worker < place.workers(); worker++) {
      workers.add(new Worker(place, worker));
    }
  }

  /** How many frames have gone between the workers. */
  int frames() {
    return network.frames();
  }

  /** Gives everybody a few turns, or none; false when the job is over. */
  boolean turn() {
    for (Worker worker : workers) {
      for (int turns = random.nextInt(3); turns > 0; turns--) {
        worker.turn();
      }
    }
    return leading.turn();
  }

  JobReport run() {
    while (turn()) {}
    return leading.run();
  }

  /** Whether the others have heard that all is over, once the leading worker has left. */
  boolean areDismissed() {
    workers.forEach(Worker::turn);
    return workers.stream().allMatch(worker -> worker.share.isOver());
  }

  /** The leading worker leaves, then the others. */
  @Override
  public void close() {
    network.open();
    leading.close();
    while (!areDismissed()) {}
    workers.forEach(worker -> worker.share.close());
  }
}
