package io.tidemill.train;

import io.tidemill.channel.Element.Item;
import io.tidemill.checkpoint.CheckpointStore;
import io.tidemill.checkpoint.PartKey;
import io.tidemill.operator.Operator;
import io.tidemill.operator.Output;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.storage.FileContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Appends what reaches a training to its sample log, in the order of the job.
 *
 * <p>Where the stream has no end, it keeps only so far ahead of the training; records that wait in
 * front of a barrier are let in before their time, and those behind the last step are not kept.
 */
public final class Sequencer<T> implements Operator {
  private static final String KIND = "log";
  private static final String TIMES = "times";

  /** Steps that an endless stream may be ahead. */
  private static final int STEPS_AHEAD = 64;

  private final TrainingProgress progress;
  private final Training<T> training;
  private final SampleLog log;
  private final RowWriter<T> rows;
  private final boolean endless;
  private final LongSupplier requestedCheckpoint;
  private final boolean isReadOnce;

  /** Rows that are wanted before training begins. */
  private final long adaptedRows;

  private long seenCheckpoint;

  /** Whether the times of the order are those of events, and not positions. */
  private final boolean hasEventTime;

  private long latestMs = Long.MIN_VALUE;

  /** {@code state} of a log, which counts once the first {@code rows} rows are durable. */
  private record Captured(SampleLog log, long rows, ByteBuffer state) implements FileContent {
    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      log.force(rows);
      FileContent.writeFully(channel, state.duplicate());
    }
  }

  /** The first row that training had not read, at the checkpoints that are not committed yet. */
  private final TreeMap<Long, Long> unread = new TreeMap<>();

  /** The same at those that a resumed job may go back to. */
  private final ArrayDeque<Long> kept = new ArrayDeque<>();

  /**
   * @param endless the stream has no end, so each row is read once and can then be deleted
   * @param hasEventTime whether the stream's records have times of their own
   * @param requestedCheckpoint the newest checkpoint whose barriers are on their way
   */
  public Sequencer(
      Training<T> training,
      SampleLog log,
      TrainingProgress progress,
      boolean endless,
      boolean hasEventTime,
      LongSupplier requestedCheckpoint) {
    this.hasEventTime = hasEventTime;
    this.training = training;
    this.endless = endless;
    this.requestedCheckpoint = requestedCheckpoint;
    this.isReadOnce = training.steps() > 0 && !training.shuffled() && training.epochs() == 1;
    this.adaptedRows = training.network().adaptation().isPresent() ? TrainerTask.ADAPTED_ROWS : 0;
    this.log = log;
    this.progress = progress;
    this.rows = new RowWriter<>(training.encoding());
  }

  @Override
  public boolean isReady() {
    long ahead = log.length() / training.stepSamples() - progress.step();
    return !isReadOnce
        || ahead < STEPS_AHEAD
        || log.length() < adaptedRows
        || requestedCheckpoint.getAsLong() > seenCheckpoint
        || progress.isComplete();
  }

  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    long wanted = Math.max(adaptedRows, training.steps() * training.stepSamples());
    if (!isReadOnce || log.length() < wanted) {
      rows.write((T) item.value(), log.next());
      log.append();
      note(item.key().time());
    }
  }

  private void note(long timeMs) {
    if (hasEventTime) {
      latestMs = Math.max(latestMs, timeMs);
      if (log.length() % training.stepSamples() == 0) {
        progress.eventTimes().add(log.length(), latestMs);
      }
    }
  }

  /** Of the rows behind the last whole step, too. */
  private void noteAll() {
    if (latestMs != Long.MIN_VALUE) {
      progress.eventTimes().add(log.length(), latestMs);
    }
  }

  @Override
  public void end(Output out) {
    noteAll();
    log.seal();
    if (training.shuffled()) {
      log.shuffle();
    }
  }

  @Override
  public List<StatePart> snapshot(long checkpoint) {
    seenCheckpoint = checkpoint;
    long firstUnread = endless ? progress.step() * training.stepSamples() : 0;
    byte[] state = log.snapshot(firstUnread);
    long length = log.length();
    unread.put(checkpoint, firstUnread);
    StatePart rowsOfLog =
        new StatePart(
            KIND, PartKey.Format.STATE, new Captured(log, length, ByteBuffer.wrap(state)));
    if (!hasEventTime) {
      return List.of(rowsOfLog);
    }
    noteAll();
    progress.eventTimes().forgetBefore(progress.step() * training.stepSamples());
    return List.of(rowsOfLog, StatePart.of(TIMES, progress.eventTimes().snapshot()));
  }

  @Override
  public void committed(long checkpoint) {
    Long first = unread.get(checkpoint);
    unread.headMap(checkpoint, true).clear();
    if (!endless || first == null) {
      return;
    }
    kept.add(first);
    if (kept.size() > CheckpointStore.KEPT) {
      kept.removeFirst();
      log.trim(kept.getFirst());
    }
  }

  @Override
  public void restore(RestoredState state) {
    state.bytes(KIND).forEach(log::restore);
    state.bytes(TIMES).forEach(progress.eventTimes()::restore);
    latestMs = progress.eventTimes().upTo(Long.MAX_VALUE).orElse(Long.MIN_VALUE);
  }

  @Override
  public void close() {
    log.close();
  }
}
