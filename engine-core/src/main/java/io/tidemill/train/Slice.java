package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.program.Optimizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters that a rank owns: sums the gradients of all shards into them, moves them, and can
 * put them back to what they were at the last checkpoint.
 *
 * <p>Threads of the rank work on different chunks at the same time; the rest is for whoever stands
 * between two steps.
 */
final class Slice implements AutoCloseable {
  /** Of what a running average was, in its next value; as PyTorch's batch norm. */
  private static final float AVERAGE_MOMENTUM = 0.9f;

  private final Gang gang;
  private final Device device;
  private final ArenaCut cut;
  private final DeviceBuffer parameters;
  private final int firstChunk;
  private final int endChunk;
  private final List<DeviceBuffer> moments = new ArrayList<>();

  /** Parameters and moments of the slice to go back to; none where the policy never does. */
  private final List<MemorySegment> memory = new ArrayList<>();

  /**
   * What all chunks of one update have in common.
   *
   * @param optimizer with the rate of the step
   * @param undecayed the same without weight decay
   * @param number counts the updates, from 1
   * @param scale what the gradient is multiplied by
   */
  record Update(Optimizer optimizer, Optimizer undecayed, long number, float scale) {}

  Slice(Gang gang, int rank) {
    this.gang = gang;
    this.device = gang.device();
    this.cut = gang.cut();
    this.parameters = gang.parametersOf(rank);
    this.firstChunk = gang.firstChunk(rank);
    this.endChunk = gang.firstChunk(rank + 1);
    for (int i = 0; i < gang.training().optimizer().moments(); i++) {
      moments.add(device.allocate(gang.layout().floats()));
    }
    if (gang.training().onNonFinite() == NonFinite.ROLL_BACK) {
      for (int i = 0; i <= moments.size(); i++) {
        memory.add(Arena.ofAuto().allocate((to() - from()) * Float.BYTES, 64));
      }
    }
  }

  int chunks() {
    return endChunk - firstChunk;
  }

  /** First float in the arena. */
  long from() {
    return cut.start(firstChunk);
  }

  /** Its end in the arena. */
  long to() {
    return cut.start(endChunk);
  }

  /** In the layout of the whole arena, of which the slice is used. */
  List<DeviceBuffer> moments() {
    return moments;
  }

  /** Sums what the shards have given for a chunk, counted from the first of the slice. */
  void sum(int chunk) {
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      device.treeSum(gang.gradients(), gang.gradientOf(0), segment.from(), segment.to());
    }
  }

  /** Adds up the squares of a chunk's summed gradient, for the norm of the whole. */
  void square(int chunk) {
    double squares = 0;
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      if (segment.hasGradient()) {
        squares += device.sumOfSquares(gang.gradientOf(0), segment.from(), segment.to());
      }
    }
    gang.squaresOf(firstChunk + chunk, squares);
  }

  /** Moves the parameters of a chunk by its summed gradient. */
  void update(int chunk, Update update) {
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      move(segment, update);
    }
  }

  /** Keeps parameters and moments as what {@link #goBack} goes back to. */
  void remember() {
    for (int i = 0; i < memory.size(); i++) {
      buffer(i).read(from(), memory.get(i));
    }
  }

  /** Puts a chunk back to what was remembered. */
  void goBack(int chunk) {
    long start = cut.start(firstChunk + chunk);
    long bytes = (cut.start(firstChunk + chunk + 1) - start) * Float.BYTES;
    for (int i = 0; i < memory.size(); i++) {
      buffer(i).write(start, memory.get(i).asSlice((start - from()) * Float.BYTES, bytes));
    }
  }

  @Override
  public void close() {
    moments.forEach(DeviceBuffer::close);
  }

  private void move(ArenaCut.Segment segment, Update update) {
    DeviceBuffer sum = gang.gradientOf(0);
    long from = segment.from();
    long to = segment.to();
    if (segment.rule() == ArenaCut.Rule.AVERAGED) {
      device.average(parameters, sum, AVERAGE_MOMENTUM, from, to);
      return;
    }
    if (update.scale() != 1) {
      device.scale(sum, update.scale(), from, to);
    }
    Optimizer optimizer =
        segment.rule() == ArenaCut.Rule.DECAYED ? update.optimizer() : update.undecayed();
    device.update(optimizer, update.number(), parameters, sum, moments, from, to);
  }

  private DeviceBuffer buffer(int index) {
    return index == 0 ? parameters : moments.get(index - 1);
  }
}
