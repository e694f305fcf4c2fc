package io.tidemill.task;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.connector.EventTime;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Reads one split, brings it into order, and drives the operators that follow it in the task.
 *
 * <p>Barriers begin here, between two records. A split that has ended still starts barriers.
 */
public final class SourceTask implements Task, SourcePosition {
  private static final int SLICE_RECORDS = 256;

  /** The kind of the part that says how far a split was read. */
  private static final String KIND = "split";

  private final TaskId id;
  private final String split;
  private final Codec<Object> codec;
  private final SplitOrder order;
  private final LongFunction<Fetcher> opener;
  private final ChainLink chain;
  private final JobSignals signals;
  private final Reports reports;
  private final Inquiries inquiries = new Inquiries();
  private Fetcher fetcher;
  private Fetcher.Batch batch;
  private int batchCursor;
  private boolean ended;
  private boolean complete;
  private long checkpoint;
  private volatile long records;
  private volatile long checkpointedRecords;

  /**
   * @param split name of the split
   * @param splitNumber its number over the whole job
   * @param fetcher starts to read at an offset; called by {@link #open}
   */
  public SourceTask(
      TaskId id,
      String split,
      int splitNumber,
      Optional<EventTime<Object>> eventTime,
      Codec<Object> codec,
      LongFunction<Fetcher> fetcher,
      ChainLink chain,
      JobSignals signals,
      Reports reports) {
    this.id = id;
    this.split = split;
    this.codec = codec;
    this.order = new SplitOrder(id.vertex() + " " + split, splitNumber, eventTime);
    this.opener = fetcher;
    this.chain = chain;
    this.signals = signals;
    this.reports = reports;
  }

  /** Opens source and operators, at the beginning or where a checkpoint left them. */
  public void open(Optional<Function<String, RestoredState>> checkpoint) {
    chain.open();
    checkpoint.ifPresent(this::restore);
    this.checkpoint = signals.requestedCheckpoint();
    records = order.nextOffset();
    fetcher = opener.apply(order.nextOffset());
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public long records() {
    return records;
  }

  @Override
  public String split() {
    return split;
  }

  @Override
  public long checkpointedRecords() {
    return checkpointedRecords;
  }

  @Override
  public int doWork() {
    int work = chain.observe(signals) + inquiries.answer();
    if (signals.requestedCheckpoint() > checkpoint && chain.flush()) {
      checkpoint = signals.requestedCheckpoint();
      checkpointedRecords = order.nextOffset();
      Map<String, List<StatePart>> parts = chain.snapshot(checkpoint);
      parts.put(chain.vertexId(), with(parts.get(chain.vertexId())));
      reports.send(new TaskReport.Snapshot(id, checkpoint, parts));
      chain.broadcast(new Barrier(checkpoint, ended ? OrderKey.MAX : order.frontier()));
      work++;
    }
    while (!ended && work < SLICE_RECORDS && chain.flush() && next()) {
      work++;
    }
    OrderKey frontier = ended ? OrderKey.MAX : order.frontier();
    chain.advance(frontier);
    chain.promise(frontier);
    records = order.nextOffset();
    if (ended && !complete && chain.flush()) {
      complete = true;
      reports.send(new TaskReport.Complete(id));
    }
    return work;
  }

  /** As {@link OperatorTask#inquire}, for a record as it might come from the source. */
  public CompletableFuture<List<Item>> inquire(Object record, Set<String> path) {
    CompletableFuture<List<Item>> answer = new CompletableFuture<>();
    inquiries.ask(
        () -> {
          try {
            OperatorTask.answer(answer, chain, order.next(record), path);
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  @Override
  public void endInquiries() {
    inquiries.end();
  }

  @Override
  public void finish() {
    chain.observe(signals);
    chain.finish();
  }

  @Override
  public void close() {
    if (fetcher != null) {
      fetcher.close();
    }
    chain.close();
  }

  /** Reads one record, or notices the end; false when nothing is there yet. */
  private boolean next() {
    if (signals.isEnded(id.vertex())) {
      end();
      return true;
    }
    if (batch == null) {
      batch = fetcher.poll();
      batchCursor = 0;
      if (batch == null) {
        return false;
      }
    }
    if (batchCursor < batch.count()) {
      order.add(batch.records()[batchCursor++], chain::process);
    } else if (batch.isLast()) {
      order.end(chain::process);
      end();
    } else {
      batch = null;
    }
    return true;
  }

  private void end() {
    ended = true;
    chain.advance(OrderKey.MAX);
    chain.end();
    chain.broadcast(new End());
  }

  private List<StatePart> with(List<StatePart> parts) {
    ByteWriter out = new ByteWriter();
    out.writeLong(order.nextOffset());
    out.writeLong(order.latestMs());
    out.writeLong(order.dropped());
    HeldItems.write(order.held(), codec, out);
    List<StatePart> all = new ArrayList<>(parts);
    all.add(StatePart.of(KIND, out.toByteArray()));
    return all;
  }

  private void restore(Function<String, RestoredState> state) {
    chain.restore(state);
    ByteReader in = new ByteReader(state.apply(id.vertex()).bytes(KIND).get(id.subtask()));
    order.restore(in.readLong(), in.readLong(), in.readLong(), HeldItems.read(in, codec));
  }
}
