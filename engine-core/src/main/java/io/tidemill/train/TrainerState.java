package io.tidemill.train;

import io.tidemill.checkpoint.PartKey;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.program.ParameterLayout;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The part that one rank has in checkpoints: its slice of the optimiser's moments and, of the first
 * rank, the weights.
 *
 * <p>Moments are stored as the slice that the writing rank owned, so any other number of ranks can
 * take them up.
 */
final class TrainerState {
  private static final String STEP = "training";
  private static final String MOMENTS = "moments";
  static final String WEIGHTS = "weights";

  private final Gang gang;
  private final Rank rank;
  private final boolean first;

  TrainerState(Gang gang, Rank rank, boolean first) {
    this.gang = gang;
    this.rank = rank;
    this.first = first;
  }

  /** A copy of all parameters in the layout of the arena. */
  MemorySegment copyParameters() {
    MemorySegment host = host(gang.layout().floats());
    rank.parameters().read(0, host);
    return host;
  }

  /** Captures the state between two steps. */
  List<StatePart> snapshot(long samples) {
    List<StatePart> parts = new ArrayList<>();
    List<NamedTensor> moments = copyMoments();
    Map<String, String> slice = Map.of("from", Long.toString(rank.slice().from()));
    parts.add(
        new StatePart(
            MOMENTS,
            PartKey.Format.SAFETENSORS,
            channel -> SafeTensors.write(channel, slice, moments)));
    if (first) {
      parts.add(StatePart.of(STEP, rank.count().encode()));
      Map<String, String> metadata =
          Map.of("step", Long.toString(rank.completedSteps()), "samples", Long.toString(samples));
      List<NamedTensor> weights = Parameters.named(gang.layout(), copyParameters());
      parts.add(
          new StatePart(
              WEIGHTS,
              PartKey.Format.SAFETENSORS,
              channel -> SafeTensors.write(channel, metadata, weights)));
    }
    return parts;
  }

  /** Takes up a checkpoint; false where it was taken before the first weights were drawn. */
  boolean restore(RestoredState state) {
    List<byte[]> step = state.bytes(STEP);
    if (step.isEmpty()) {
      return false;
    }
    restoreWeights(state.parts(WEIGHTS).getFirst());
    state.parts(MOMENTS).forEach(this::restoreMoments);
    rank.begin(StepCount.decode(step.getFirst()));
    return true;
  }

  private List<NamedTensor> copyMoments() {
    long floats = rank.slice().to() - rank.slice().from();
    List<NamedTensor> moments = new ArrayList<>();
    for (int i = 0; i < rank.slice().moments().size(); i++) {
      MemorySegment copy = host(floats);
      rank.slice().moments().get(i).read(rank.slice().from(), copy);
      moments.add(
          new NamedTensor(
              "moment-" + i, DataType.FLOAT32, Shape.of(Math.toIntExact(floats)), copy));
    }
    return moments;
  }

  private void restoreWeights(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      for (ParameterLayout.Entry entry : gang.layout().entries()) {
        TensorSpec spec = new TensorSpec(entry.name(), DataType.FLOAT32, entry.shape());
        rank.parameters().write(entry.offset(), stored.tensor(spec).data());
      }
    }
  }

  /** Takes what lies in this rank's slice out of the slice that a rank had written. */
  private void restoreMoments(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      long start = sliceStart(stored, file);
      for (int i = 0; i < rank.slice().moments().size(); i++) {
        NamedTensor moment = stored.tensor("moment-" + i);
        long from = Math.max(start, rank.slice().from());
        long to = Math.min(start + moment.shape().elements(), rank.slice().to());
        if (from < to) {
          MemorySegment overlap =
              moment.data().asSlice((from - start) * Float.BYTES, (to - from) * Float.BYTES);
          rank.slice().moments().get(i).write(from, overlap);
        }
      }
    }
  }

  private static long sliceStart(SafeTensors stored, Path file) {
    String from = stored.metadata().get("from");
    if (from == null) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, file + " does not say which slice of the moments it holds");
    }
    return Long.parseLong(from);
  }

  private static MemorySegment host(long floats) {
    return Arena.ofAuto().allocate(floats * Float.BYTES, 64);
  }
}
