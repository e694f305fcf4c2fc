package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.program.Optimizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters that a rank owns: sums the gradients of all shards into them, moves them, and can
 * put them back to what they were at the last checkpoint.
 *
 * <p>Threads of the ranks of a host work on different chunks at the same time; what was remembered
 * is for the owner, and for whoever stands between two steps.
 */
final class Slice {
  /** Of what a running average was, in its next value; as PyTorch's batch norm. */
  private static final float AVERAGE_MOMENTUM = 0.9f;

  private final Gang gang;
  private final Device device;
  private final ArenaCut cut;
  private final DeviceBuffer parameters;
  private final int firstChunk;
  private final int endChunk;
  private final List<DeviceBuffer> moments;

  /** Where the sums of the shards' gradients are. */
  private final DeviceBuffer sums;

  /** Whether sums are there before the update, for the norm of the whole. */
  private final boolean isSummedBefore;

  /** What an update moves by. */
  private final SumTree gradient;

  /** Parameters and moments of the slice to go back to; none where the policy never does. */
  private final List<MemorySegment> memory = new ArrayList<>();

  /**
   * What all chunks of one update have in common.
   *
   * @param optimizer with the rate of the step
   * @param undecayed the same without weight decay
   * @param number counts the updates, from 1
   * @param scale what the gradient is multiplied by; not 1 only where it was summed before
   */
  record Update(Optimizer optimizer, Optimizer undecayed, long number, float scale) {}

  Slice(Gang gang, int rank) {
    this.gang = gang;
    this.device = gang.device();
    this.cut = gang.cut();
    this.parameters = gang.parameters();
    this.firstChunk = gang.firstChunk(rank);
    this.endChunk = gang.firstChunk(rank + 1);
    this.moments = gang.moments();
    this.sums = gang.gradientOf(0);
    this.isSummedBefore = gang.training().needsNorm();
    this.gradient = isSummedBefore ? new SumTree.Term(sums) : gang.gradientTree();
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
  void sum(int chunk, TouchedRows touched) {
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      long to = segment.to();
      long from = touched.next(segment.from(), to);
      while (from < to) {
        long end = touched.end(from, to);
        device.treeSum(gang.gradientTree(), sums, from, end);
        from = touched.next(end, to);
      }
    }
  }

  /** Adds up the squares of a chunk's summed gradient, for the norm of the whole. */
  void square(int chunk, TouchedRows touched) {
    double squares = 0;
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      long to = segment.hasGradient() ? segment.to() : segment.from();
      long from = touched.next(segment.from(), to);
      while (from < to) {
        long end = touched.end(from, to);
        squares += device.sumOfSquares(sums, from, end);
        from = touched.next(end, to);
      }
    }
    gang.squaresOf(firstChunk + chunk, squares);
  }

  /** Moves the parameters of a chunk by the sum of its gradients, which is taken on the way. */
  void update(int chunk, TouchedRows touched, Update update) {
    for (ArenaCut.Segment segment : cut.segments(firstChunk + chunk)) {
      long to = segment.to();
      long from = touched.next(segment.from(), to);
      while (from < to) {
        long end = touched.end(from, to);
        move(segment.rule(), from, end, update);
        from = touched.next(end, to);
      }
    }
  }

  /** Clears what the shards have given for rows of a chunk, and the marks of the next step. */
  void release(int chunk, TouchedRows touched, TouchedRows next) {
    next.clear(cut.start(firstChunk + chunk), cut.start(firstChunk + chunk + 1));
    gang.clearRows(firstChunk + chunk, touched, 0, gang.gradients().size());
  }

  /** Keeps parameters and moments as what {@link #goBack} goes back to. */
  void remember() {
    if (memory.isEmpty() && gang.training().onNonFinite() == NonFinite.ROLL_BACK) {
      for (int i = 0; i <= moments.size(); i++) {
        memory.add(Arena.ofAuto().allocate((to() - from()) * Float.BYTES, 64));
      }
    }
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

  private void move(ArenaCut.Rule rule, long from, long to, Update update) {
    if (rule == ArenaCut.Rule.AVERAGED) {
      if (!isSummedBefore) {
        device.treeSum(gradient, sums, from, to);
      }
      device.average(parameters, sums, AVERAGE_MOMENTUM, from, to);
      return;
    }
    if (update.scale() != 1) {
      device.scale(sums, update.scale(), from, to);
    }
    Optimizer optimizer = rule == ArenaCut.Rule.DECAYED ? update.optimizer() : update.undecayed();
    device.update(optimizer, update.number(), parameters, gradient, moments, from, to);
  }

  private DeviceBuffer buffer(int index) {
    return index == 0 ? parameters : moments.get(index - 1);
  }
}
