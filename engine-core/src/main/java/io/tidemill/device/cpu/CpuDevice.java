package io.tidemill.device.cpu;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Executable;
import io.tidemill.device.SumTree;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * The CPU: convolutions, attention, and with AVX-512 matrix products, by oneDNN; products
 * otherwise, and most of the rest, by machine code that is written for the processor
 * (docs/design/0017); what is left, and all of it where neither runs, by the Vector API. Every call
 * runs on its caller's thread and starts none.
 *
 * <p>Bits are the same for any thread, slice and alignment on one kind of CPU; another vector
 * width, or a fallback, rounds differently. They are a function of the bound program: oneDNN cuts a
 * product by its shape, so the same row may differ in its last bits between programs bound to
 * different numbers of rows: seen for 1 row, and for many with weights of [784, 1024].
 */
public final class CpuDevice implements Device {
  private static final ThreadLocal<TreeSum> TREE_SUM = ThreadLocal.withInitial(TreeSum::new);
  private static final ThreadLocal<SquareSum> SQUARE_SUM = ThreadLocal.withInitial(SquareSum::new);

  private static final ThreadLocal<CodeUpdates> UPDATES = ThreadLocal.withInitial(CodeUpdates::new);

  private final Primitives primitives;

  CpuDevice(Primitives primitives) {
    this.primitives = primitives;
  }

  /** Opens the device; where oneDNN cannot be loaded it says so once and does without. */
  public static CpuDevice open() {
    return new CpuDevice(NativeSelection.primitives());
  }

  @Override
  public String description() {
    return "cpu (" + primitives.description() + ")";
  }

  @Override
  public Optional<String> unavailable(Precision precision) {
    return primitives.unavailable(precision);
  }

  @Override
  public Executable compile(Program program, Precision precision) {
    return CpuExecutable.compile(program, primitives.in(precision));
  }

  @Override
  public DeviceBuffer allocate(long floats) {
    return new CpuBuffer(floats);
  }

  @Override
  public DeviceBuffer wrap(MemorySegment memory) {
    return new CpuBuffer(memory);
  }

  @Override
  public void treeSum(SumTree tree, DeviceBuffer out, long from, long to) {
    requireRange("sum", out, from, to);
    requireTerms(tree, from, to);
    requireFirstOnly(tree, out, true);
    TreeSum sum = TREE_SUM.get();
    if (primitives.isMachineCode() && TreeSumCode.fits(tree)) {
      sum.sumByCode(tree, CpuBuffer.of(out).memory(), from, to);
    } else {
      sum.sum(tree, CpuBuffer.of(out).memory(), from, to);
    }
  }

  @Override
  public void update(
      Optimizer optimizer,
      long step,
      DeviceBuffer parameters,
      SumTree gradient,
      List<DeviceBuffer> moments,
      long from,
      long to) {
    requireRange("parameters", parameters, from, to);
    requireTerms(gradient, from, to);
    requireFirstOnly(gradient, gradient.first(), true);
    if (moments.size() != optimizer.moments() || step < 1) {
      throw new EngineException(
          ErrorCode.INTERNAL,
          "an update expects step 1 or later and %d moments, found step %d and %d moments"
              .formatted(optimizer.moments(), step, moments.size()));
    }
    for (int i = 0; i < moments.size(); i++) {
      requireRange("moment", moments.get(i), from, to);
    }
    MemorySegment p = CpuBuffer.of(parameters).memory();
    long floats = to - from;
    if (primitives.isMachineCode() && UpdateCode.fits(gradient)) {
      UPDATES.get().update(optimizer, step, p, gradient, moments, from, floats);
      return;
    }
    DeviceBuffer sum = gradient.first();
    if (gradient instanceof SumTree.Sum) {
      treeSum(gradient, sum, from, to);
    }
    if (primitives.isMachineCode()) {
      SumTree summed = new SumTree.Term(sum);
      UPDATES.get().update(optimizer, step, p, summed, moments, from, floats);
      return;
    }
    MemorySegment g = CpuBuffer.of(sum).memory();
    switch (optimizer) {
      case Optimizer.Sgd sgd when moments.isEmpty() ->
          OptimizerKernels.sgd(sgd, p, g, from, floats);
      case Optimizer.Sgd sgd ->
          OptimizerKernels.momentum(sgd, p, g, memory(moments, 0), from, floats);
      case Optimizer.Adam adam ->
          OptimizerKernels.adam(
              adam, step, p, g, memory(moments, 0), memory(moments, 1), from, floats);
      case Optimizer.AdamW adamW -> {
        ArenaKernels.scale(p, adamW.shrinkage(), from, floats);
        OptimizerKernels.adam(
            adamW.adam(), step, p, g, memory(moments, 0), memory(moments, 1), from, floats);
      }
      case Optimizer.Adagrad adagrad ->
          OptimizerKernels.adagrad(adagrad, p, g, memory(moments, 0), from, floats);
    }
  }

  @Override
  public void clear(DeviceBuffer buffer, long from, long to) {
    requireRange("cleared", buffer, from, to);
    if (primitives.isMachineCode()) {
      UPDATES.get().clear(CpuBuffer.of(buffer).memory(), from, to - from);
    } else {
      ArenaKernels.clear(CpuBuffer.of(buffer).memory(), from, to - from);
    }
  }

  @Override
  public void copy(DeviceBuffer source, DeviceBuffer target, long from, long to) {
    requireRange("source", source, from, to);
    requireRange("target", target, from, to);
    long start = from * Float.BYTES;
    MemorySegment.copy(
        CpuBuffer.of(source).memory(),
        start,
        CpuBuffer.of(target).memory(),
        start,
        (to - from) * Float.BYTES);
  }

  @Override
  public void scale(DeviceBuffer buffer, float factor, long from, long to) {
    requireRange("scaled", buffer, from, to);
    if (primitives.isMachineCode()) {
      UPDATES.get().scale(CpuBuffer.of(buffer).memory(), factor, from, to - from);
    } else {
      ArenaKernels.scale(CpuBuffer.of(buffer).memory(), factor, from, to - from);
    }
  }

  @Override
  public void average(
      DeviceBuffer averages, DeviceBuffer news, float momentum, long from, long to) {
    requireRange("averages", averages, from, to);
    requireRange("news", news, from, to);
    MemorySegment average = CpuBuffer.of(averages).memory();
    MemorySegment newer = CpuBuffer.of(news).memory();
    if (primitives.isMachineCode()) {
      UPDATES.get().average(average, newer, momentum, from, to - from);
    } else {
      ArenaKernels.average(average, newer, momentum, from, to - from);
    }
  }

  @Override
  public double sumOfSquares(DeviceBuffer buffer, long from, long to) {
    requireRange("squared", buffer, from, to);
    MemorySegment memory = CpuBuffer.of(buffer).memory();
    return primitives.isMachineCode()
        ? UPDATES.get().sumOfSquares(memory, from, to - from)
        : SQUARE_SUM.get().sum(memory, from, to - from);
  }

  /** Nothing: libraries stay loaded, buffers belong to their owners. */
  @Override
  public void close() {}

  private static MemorySegment memory(List<DeviceBuffer> buffers, int index) {
    return CpuBuffer.of(buffers.get(index)).memory();
  }

  private static void requireTerms(SumTree tree, long from, long to) {
    switch (tree) {
      case SumTree.Sum(SumTree left, SumTree right) -> {
        requireTerms(left, from, to);
        requireTerms(right, from, to);
      }
      case SumTree.Term(DeviceBuffer term) -> requireRange("term", term, from, to);
    }
  }

  private static void requireFirstOnly(SumTree tree, DeviceBuffer out, boolean isFirst) {
    switch (tree) {
      case SumTree.Sum(SumTree left, SumTree right) -> {
        requireFirstOnly(left, out, isFirst);
        requireFirstOnly(right, out, false);
      }
      case SumTree.Term(DeviceBuffer term) -> {
        if (term.equals(out) && !isFirst) {
          throw new EngineException(
              ErrorCode.INTERNAL, "a tree sum may be written to the first of its terms only");
        }
      }
    }
  }

  private static void requireRange(String what, DeviceBuffer buffer, long from, long to) {
    if (from < 0 || from > to || to > buffer.floats()) {
      throw new EngineException(
          ErrorCode.INTERNAL,
          "range of %s outside its buffer: expected within [0, %d), found [%d, %d)"
              .formatted(what, buffer.floats(), from, to));
    }
  }
}
