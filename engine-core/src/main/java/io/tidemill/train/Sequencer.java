package io.tidemill.train;

import io.tidemill.channel.Element.Item;
import io.tidemill.checkpoint.PartKey;
import io.tidemill.operator.Operator;
import io.tidemill.operator.Output;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.storage.FileContent;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Appends what reaches a training to its sample log, in the order of the job.
 *
 * <p>Where the stream has no end, it keeps only so far ahead of the training.
 */
public final class Sequencer<T> implements Operator {
  private static final String KIND = "log";

  /** Global batches that an endless stream may be ahead. */
  private static final int BATCHES_AHEAD = 64;

  private final TrainingProgress progress;
  private final Training<T> training;
  private final SampleLog log;
  private final RowWriter<T> rows;

  public Sequencer(Training<T> training, SampleLog log, TrainingProgress progress) {
    this.training = training;
    this.log = log;
    this.progress = progress;
    this.rows = new RowWriter<>(training.encoding());
  }

  @Override
  public boolean isReady() {
    boolean readOnce = training.steps() > 0 && !training.shuffled() && training.epochs() == 1;
    long ahead = log.length() / training.globalBatch() - progress.step();
    return !readOnce
        || ahead < BATCHES_AHEAD
        || log.length() < TrainerTask.ADAPTED_ROWS
        || progress.isWaiting();
  }

  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    rows.write((T) item.value(), log.next());
    log.append();
  }

  @Override
  public void end(Output out) {
    log.seal();
  }

  @Override
  public List<StatePart> snapshot(long checkpoint) {
    byte[] state = log.snapshot();
    long length = log.length();
    return List.of(
        new StatePart(
            KIND,
            PartKey.Format.STATE,
            channel -> {
              log.force(length);
              FileContent.writeFully(channel, ByteBuffer.wrap(state));
            }));
  }

  @Override
  public void restore(RestoredState state) {
    state.bytes(KIND).forEach(log::restore);
  }

  @Override
  public void close() {
    log.close();
  }
}
