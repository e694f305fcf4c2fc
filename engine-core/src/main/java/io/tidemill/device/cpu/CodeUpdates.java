package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.device.cpu.x86.MachineCode;
import io.tidemill.program.Optimizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Updates of ranges of an arena by {@link UpdateCode}. Confined to one thread: owns the memory in
 * which code is given its factors.
 */
final class CodeUpdates {
  private static final MemorySegment NONE = MemorySegment.NULL;

  private final MemorySegment factors =
      Arena.ofAuto().allocate(UpdateCode.MOST_FACTORS * (long) Float.BYTES, Double.BYTES);

  // Of the update before, which most often is that of the next.
  private UpdateCode.Rule rule;
  private SumTree gradient;
  private MachineCode code;
  private MemorySegment terms;

  /** {@code gradient} is one whose sum {@linkplain UpdateCode#fits fits}. */
  void update(
      Optimizer optimizer,
      long step,
      MemorySegment parameters,
      SumTree gradient,
      List<DeviceBuffer> moments,
      long from,
      long floats) {
    MemorySegment first = moments.isEmpty() ? NONE : memory(moments.getFirst());
    MemorySegment second = moments.isEmpty() ? NONE : memory(moments.getLast());
    bind(rule(optimizer, step), gradient);
    code.call(parameters, terms, first, second, factors, from * Float.BYTES, floats);
  }

  private void bind(UpdateCode.Rule nextRule, SumTree nextGradient) {
    boolean isOther = !nextGradient.equals(gradient);
    if (isOther) {
      terms = TreeSumCode.addresses(nextGradient);
      gradient = nextGradient;
    }
    if (isOther || nextRule != rule) {
      code = UpdateCode.of(nextRule, nextGradient);
      rule = nextRule;
    }
  }

  /** Puts the factors of an update in place. */
  private UpdateCode.Rule rule(Optimizer optimizer, long step) {
    return switch (optimizer) {
      case Optimizer.Sgd sgd when optimizer.moments() == 0 -> {
        factor(0, -sgd.learningRate());
        yield UpdateCode.Rule.SGD;
      }
      case Optimizer.Sgd sgd -> {
        factor(0, sgd.momentum());
        factor(1, -sgd.learningRate());
        yield sgd.nesterov() ? UpdateCode.Rule.NESTEROV : UpdateCode.Rule.MOMENTUM;
      }
      case Optimizer.Adam adam -> adam(adam, step, 1);
      case Optimizer.AdamW adamW -> adam(adamW.adam(), step, adamW.shrinkage());
      case Optimizer.Adagrad adagrad -> {
        factor(0, adagrad.learningRate());
        factor(1, adagrad.epsilon());
        yield UpdateCode.Rule.ADAGRAD;
      }
    };
  }

  void clear(MemorySegment memory, long from, long floats) {
    UpdateCode.Clear.CODE.call(memory, NONE, NONE, NONE, NONE, from * Float.BYTES, floats);
  }

  void scale(MemorySegment memory, float factor, long from, long floats) {
    factor(0, factor);
    UpdateCode.Scale.CODE.call(memory, NONE, NONE, NONE, factors, from * Float.BYTES, floats);
  }

  void average(MemorySegment averages, MemorySegment news, float momentum, long from, long floats) {
    factor(0, momentum);
    factor(1, 1 - momentum);
    UpdateCode.Average.CODE.call(averages, news, NONE, NONE, factors, from * Float.BYTES, floats);
  }

  double sumOfSquares(MemorySegment memory, long from, long floats) {
    UpdateCode.SumOfSquares.CODE.call(
        memory, factors, NONE, NONE, NONE, from * Float.BYTES, floats);
    return factors.get(JAVA_DOUBLE, 0);
  }

  private UpdateCode.Rule adam(Optimizer.Adam adam, long step, float shrinkage) {
    AdamFactors by = AdamFactors.of(adam, step);
    factor(0, by.beta1());
    factor(1, by.oneMinusBeta1());
    factor(2, by.beta2());
    factor(3, by.oneMinusBeta2());
    factor(4, by.rate());
    factor(5, by.rootScale());
    factor(6, by.epsilon());
    factor(7, shrinkage);
    return UpdateCode.Rule.ADAM;
  }

  private static MemorySegment memory(DeviceBuffer buffer) {
    return CpuBuffer.of(buffer).memory();
  }

  private void factor(int index, float number) {
    factors.setAtIndex(JAVA_FLOAT, index, number);
  }
}
