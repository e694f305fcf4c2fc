package io.tidemill.train;

import io.tidemill.checkpoint.PartKey;
import io.tidemill.device.DeviceBuffer;
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
import java.util.Optional;

/**
 * The part that one rank has in checkpoints: its slice of the optimiser's moments and, of the first
 * rank, the weights. Taken by the leading process, whoever works the rank.
 *
 * <p>Moments are stored as the slice that the writing rank owned, so any other number of ranks can
 * take them up.
 */
final class TrainerState {
  private static final String STEP = "training";
  private static final String MOMENTS = "moments";
  static final String WEIGHTS = "weights";

  private final Gang gang;
  private final int rank;

  /** The slice, in floats of the arena: [from, to). */
  private final long from;

  private final long to;

  private final CopyMemory weightsCopy;
  private final CopyMemory momentsCopy;

  TrainerState(Gang gang, int rank) {
    this.gang = gang;
    this.rank = rank;
    this.from = gang.sliceStart(rank);
    this.to = gang.sliceStart(rank + 1);
    this.weightsCopy = new CopyMemory(gang.layout().floats());
    this.momentsCopy = new CopyMemory((to - from) * gang.moments().size());
  }

  /** A copy of all parameters in the layout of the arena. */
  MemorySegment copyParameters() {
    MemorySegment host = Arena.ofAuto().allocate(gang.layout().floats() * Float.BYTES, 64);
    parameters().read(0, host);
    return host;
  }

  /**
   * Captures the slice of the moments between two steps: all that another rank than the first has.
   */
  StatePart snapshotMoments() {
    MemorySegment copy = momentsCopy.take();
    List<NamedTensor> moments = copyMoments(copy);
    Map<String, String> slice = Map.of("from", Long.toString(from));
    return new StatePart(
        MOMENTS,
        PartKey.Format.SAFETENSORS,
        momentsCopy.last(copy, channel -> SafeTensors.write(channel, slice, moments)));
  }

  /** Captures where training stands and the weights; {@code samples} are those behind it. */
  List<StatePart> snapshotWeights(StepCount count, long samples) {
    Map<String, String> metadata =
        Map.of("step", Long.toString(count.completed()), "samples", Long.toString(samples));
    MemorySegment copy = weightsCopy.take();
    parameters().read(0, copy);
    List<NamedTensor> weights = Parameters.named(gang.layout(), copy);
    return List.of(
        StatePart.of(STEP, count.encode()),
        new StatePart(
            WEIGHTS,
            PartKey.Format.SAFETENSORS,
            weightsCopy.last(copy, channel -> SafeTensors.write(channel, metadata, weights))));
  }

  /**
   * Puts a checkpoint into the slice and, of the first rank, into the parameters.
   *
   * @return where it was taken; empty where that was before the first weights were drawn
   */
  Optional<StepCount> restore(RestoredState state) {
    List<byte[]> step = state.bytes(STEP);
    if (step.isEmpty()) {
      return Optional.empty();
    }
    if (rank == 0) {
      restoreWeights(state.parts(WEIGHTS).getFirst());
    }
    state.parts(MOMENTS).forEach(this::restoreMoments);
    return Optional.of(StepCount.decode(step.getFirst()));
  }

  private DeviceBuffer parameters() {
    return gang.parameters();
  }

  private List<NamedTensor> copyMoments(MemorySegment copy) {
    Shape shape = Shape.of(Math.toIntExact(to - from));
    long bytes = (to - from) * Float.BYTES;
    List<NamedTensor> moments = new ArrayList<>();
    for (int i = 0; i < gang.moments().size(); i++) {
      MemorySegment moment = copy.asSlice(i * bytes, bytes);
      gang.moments().get(i).read(from, moment);
      moments.add(new NamedTensor("moment-" + i, DataType.FLOAT32, shape, moment));
    }
    return moments;
  }

  private void restoreWeights(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      for (ParameterLayout.Entry entry : gang.layout().entries()) {
        TensorSpec spec = new TensorSpec(entry.name(), DataType.FLOAT32, entry.shape());
        parameters().write(entry.offset(), stored.tensor(spec).data());
      }
    }
  }

  /** Takes what lies in this rank's slice out of the slice that a rank had written. */
  private void restoreMoments(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      long start = sliceStart(stored, file);
      for (int i = 0; i < gang.moments().size(); i++) {
        NamedTensor moment = stored.tensor("moment-" + i);
        long first = Math.max(start, from);
        long end = Math.min(start + moment.shape().elements(), to);
        if (first < end) {
          MemorySegment overlap =
              moment.data().asSlice((first - start) * Float.BYTES, (end - first) * Float.BYTES);
          gang.moments().get(i).write(first, overlap);
        }
      }
    }
  }

  private static long sliceStart(SafeTensors stored, Path file) {
    String start = stored.metadata().get("from");
    if (start == null) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, file + " does not say which slice of the moments it holds");
    }
    return Long.parseLong(start);
  }
}
