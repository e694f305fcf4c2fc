package io.tidemill.train;

import io.tidemill.task.Task;
import io.tidemill.task.TaskId;

/**
 * Leads one rank of a training in a process beside the leading one, whose {@link RemoteRank} stands
 * for it there.
 *
 * <p>Begins when the leading process has put the rank's parameters and moments in place, follows
 * the sample log, and stands at each stop until the leading process has taken the rank's part of
 * the checkpoint. The threads of the process work the steps, each by a {@link ShardTask}.
 */
public final class MemberTask implements Task {
  private final TaskId id;
  private final int number;
  private final Gang gang;
  private final SampleLogReader log;
  private final Batches batches;
  private final Rank rank;
  private boolean begun;
  private long stood;

  /** {@code file} is that of the gang. */
  public MemberTask(TaskId id, int threads, Gang gang, GangFile file, long seed) {
    Training<?> training = gang.training();
    this.id = id;
    this.number = id.subtask();
    this.gang = gang;
    this.log =
        new SampleLogReader(file.samples(), training.encoding().rowBytes(), gang.logExtent());
    this.batches = new Batches(training, log, seed);
    this.rank = new Rank(number, threads, gang, batches, new TrainingProgress(), _ -> false);
  }

  /** Lends a thread to the rank, from 0. */
  public ShardTask shardTask(int thread) {
    return new ShardTask(id, rank, thread);
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    if (!begun) {
      begun = begin();
      return begun ? 1 : 0;
    }
    int work = log.follow(gang.training().shuffled()) ? 1 : 0;
    long total = batches.totalSteps();
    rank.allow(Math.min(total, batches.readySteps()));
    long steps = rank.completedSteps();
    if (steps > stood && steps >= Math.min(total, rank.stop())) {
      stood = steps;
      rank.remember();
      rank.stand();
      work++;
    }
    return work;
  }

  @Override
  public void close() {
    rank.close();
    log.close();
  }

  private boolean begin() {
    if (!gang.isOpen(number)) {
      return false;
    }
    rank.beginOpened();
    rank.remember();
    stood = rank.completedSteps();
    return true;
  }
}
