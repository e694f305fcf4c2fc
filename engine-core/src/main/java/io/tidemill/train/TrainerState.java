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
import io.tidemill.tensor.TensorImage;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * The part that one rank has in checkpoints: its slice of the optimiser's moments and, of the first
 * rank, the weights. Taken by the leading process, whoever works the rank.
 *
 * <p>Moments are stored as the slice that the writing rank owned, so any other number of ranks can
 * take them up.
 */
final class TrainerState {
  private static final String MOMENTS = "moments";
  private static final String FROM = "from";
  static final String WEIGHTS = "weights";
  static final String EVENT_TIME = "eventTimeMs";

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
    this.weightsCopy = new CopyMemory(this::weightsImage);
    this.momentsCopy = new CopyMemory(this::momentsImage);
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
    TensorImage copy = momentsCopy.take();
    for (int i = 0; i < gang.moments().size(); i++) {
      gang.moments().get(i).read(from, copy.tensors().get(i).data());
    }
    return new StatePart(MOMENTS, PartKey.Format.SAFETENSORS, momentsCopy.file(copy, slice()));
  }

  /**
   * Captures where training stands and the weights; {@code samples} are those behind it, and {@code
   * eventTimeMs} is the highest time among them.
   */
  StatePart snapshotWeights(StepCount count, long samples, OptionalLong eventTimeMs) {
    TensorImage copy = weightsCopy.take();
    List<ParameterLayout.Entry> entries = gang.layout().entries();
    for (int i = 0; i < entries.size(); i++) {
      parameters().read(entries.get(i).offset(), copy.tensors().get(i).data());
    }
    return new StatePart(
        WEIGHTS,
        PartKey.Format.SAFETENSORS,
        weightsCopy.file(copy, metadata(count, samples, eventTimeMs)));
  }

  /**
   * Puts a checkpoint into the slice and, of the first rank, into the parameters.
   *
   * @return where it was taken; empty where that was before the first weights were drawn
   */
  Optional<StepCount> restore(RestoredState state) {
    Optional<Path> weights = state.parts(WEIGHTS).stream().findFirst();
    state.parts(MOMENTS).forEach(this::restoreMoments);
    return weights.map(this::restoreWeights);
  }

  private DeviceBuffer parameters() {
    return gang.parameters();
  }

  private StepCount restoreWeights(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      if (rank == 0) {
        for (ParameterLayout.Entry entry : gang.layout().entries()) {
          parameters().write(entry.offset(), stored.tensor(spec(entry)).data());
        }
      }
      return StepCount.of(stored.metadata(), file);
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

  private TensorImage weightsImage() {
    StepCount most = new StepCount(Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE);
    List<TensorSpec> specs = gang.layout().entries().stream().map(TrainerState::spec).toList();
    return TensorImage.allocate(
        specs, metadata(most, Long.MAX_VALUE, OptionalLong.of(Long.MIN_VALUE)));
  }

  private TensorImage momentsImage() {
    Shape shape = Shape.of(Math.toIntExact(to - from));
    List<TensorSpec> specs =
        IntStream.range(0, gang.moments().size())
            .mapToObj(i -> new TensorSpec("moment-" + i, DataType.FLOAT32, shape))
            .toList();
    return TensorImage.allocate(specs, slice());
  }

  private static Map<String, String> metadata(
      StepCount count, long samples, OptionalLong eventTimeMs) {
    Map<String, String> metadata = new HashMap<>(count.toMetadata());
    eventTimeMs.ifPresent(ms -> metadata.put(EVENT_TIME, Long.toString(ms)));
    metadata.put("samples", Long.toString(samples));
    return metadata;
  }

  private Map<String, String> slice() {
    return Map.of(FROM, Long.toString(from));
  }

  private static TensorSpec spec(ParameterLayout.Entry entry) {
    return new TensorSpec(entry.name(), DataType.FLOAT32, entry.shape());
  }

  private static long sliceStart(SafeTensors stored, Path file) {
    String start = stored.metadata().get(FROM);
    if (start == null) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, file + " does not say which slice of the moments it holds");
    }
    return Long.parseLong(start);
  }
}
