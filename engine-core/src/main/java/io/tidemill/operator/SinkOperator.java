package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import io.tidemill.connector.Sink;
import io.tidemill.connector.SinkWriter;
import java.util.List;
import java.util.TreeMap;

/** Writes records to a sink, in two phases with the checkpoints of the job. */
public final class SinkOperator<T> implements Operator {
  private static final String KIND = "sink";

  private final Sink<T> sink;
  private final TreeMap<Long, byte[]> prepared = new TreeMap<>();
  private byte[] restored = {};
  private SinkWriter<T> writer;

  public SinkOperator(Sink<T> sink) {
    this.sink = sink;
  }

  @Override
  public void restore(RestoredState state) {
    restored = state.bytes(KIND).getFirst();
  }

  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    writer().write((T) item.value());
  }

  @Override
  public void end(Output out) {
    writer(); // a stream without records has a result too
  }

  @Override
  public List<StatePart> snapshot(long checkpoint) {
    byte[] state = writer().prepare();
    prepared.put(checkpoint, state);
    return List.of(StatePart.of(KIND, state));
  }

  @Override
  public void committed(long checkpoint) {
    byte[] state = prepared.get(checkpoint);
    if (state != null) {
      writer().commit(state);
      prepared.headMap(checkpoint, true).clear();
    }
  }

  @Override
  public void finish() {
    writer().finish();
  }

  @Override
  public void close() {
    if (writer != null) {
      writer.close();
    }
  }

  private SinkWriter<T> writer() {
    if (writer == null) {
      writer = sink.open(restored);
    }
    return writer;
  }
}
