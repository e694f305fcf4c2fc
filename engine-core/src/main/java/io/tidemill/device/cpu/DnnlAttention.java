package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.DnnlPrimitive.ADDED;
import static io.tidemill.device.cpu.DnnlPrimitive.RESULT;
import static io.tidemill.device.cpu.DnnlPrimitive.RESULT_GRADIENT;
import static io.tidemill.device.cpu.DnnlPrimitive.SOURCE;
import static io.tidemill.device.cpu.DnnlPrimitive.SOURCE_GRADIENT;
import static io.tidemill.device.cpu.DnnlPrimitive.WEIGHTS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.tidemill.device.cpu.DnnlDescriptors.Epilogue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Causal attention by oneDNN's products and softmax: some heads of a sample at a time, as many as
 * have scores that stay in a core's cache.
 *
 * <p>It computes the scores of all pairs of positions and masks those of later positions, twice the
 * work of {@link CausalAttentionKernels} in a third of the time
 * (docs/benchmarks/onednn-layouts.md). The gradient computes the probabilities again: nothing but
 * this scratch space grows with the square of the length.
 */
final class DnnlAttention implements Attention {
  private static final long MOST_SCORES = 64 * 1024;
  private static final int ALIGNMENT = 64;
  private static final int LAST_AXIS = 2;

  private final Heads shape;
  private final int together;
  private final MemorySegment probabilities;
  private final MemorySegment slopes;
  private final DnnlPrimitive scores;
  private final DnnlPrimitive softmax;
  private final DnnlPrimitive mix;
  private final DnnlPrimitive slopeProduct;
  private final DnnlPrimitive softmaxGradient;
  private final DnnlPrimitive valueGradient;
  private final DnnlPrimitive queryGradient;
  private final DnnlPrimitive keyGradient;

  private DnnlAttention(Plan plan, Arena owner) {
    this.shape = plan.shape;
    this.together = plan.together;
    long pairs = (long) shape.length() * shape.length();
    this.probabilities = owner.allocate(together * pairs * Float.BYTES, ALIGNMENT);
    this.slopes = owner.allocate(together * pairs * Float.BYTES, ALIGNMENT);
    this.scores = plan.primitive(plan.scores, owner, SOURCE, WEIGHTS, RESULT, ADDED);
    this.softmax = plan.primitive(plan.softmax, owner, SOURCE, RESULT);
    this.mix = plan.primitive(plan.mix, owner, SOURCE, WEIGHTS, RESULT);
    this.slopeProduct = plan.primitive(plan.slopes, owner, SOURCE, WEIGHTS, RESULT);
    this.softmaxGradient =
        plan.primitive(plan.softmaxGradient, owner, RESULT, RESULT_GRADIENT, SOURCE_GRADIENT);
    this.valueGradient = plan.primitive(plan.valueGradient, owner, SOURCE, WEIGHTS, RESULT);
    this.queryGradient = plan.primitive(plan.queryGradient, owner, SOURCE, WEIGHTS, RESULT);
    this.keyGradient = plan.primitive(plan.keyGradient, owner, SOURCE, WEIGHTS, RESULT);
    scores.set(3, mask(shape.length(), owner));
  }

  /** Empty where oneDNN has no fast implementation for such a shape. */
  static Optional<Attention> of(Dnnl dnnl, Heads shape, Arena owner) {
    try (Arena building = Arena.ofConfined()) {
      Plan plan = new Plan(dnnl, shape, building);
      return plan.isWhole() ? Optional.of(new DnnlAttention(plan, owner)) : Optional.empty();
    }
  }

  @Override
  public void forward(MemorySegment qkv, MemorySegment out) {
    long row = (long) shape.width() * Float.BYTES;
    long headBytes = (long) shape.size() * Float.BYTES;
    for (long sample = 0; sample < shape.samples(); sample++) {
      for (int head = 0; head < shape.heads(); head += together) {
        long queries = qkv.address() + sample * shape.length() * 3 * row + head * headBytes;
        long result = out.address() + sample * shape.length() * row + head * headBytes;
        probabilities(queries, queries + row);
        mix.run(probabilities.address(), queries + 2 * row, result);
      }
    }
  }

  @Override
  public void gradient(MemorySegment qkv, MemorySegment dy, MemorySegment out) {
    long row = (long) shape.width() * Float.BYTES;
    long headBytes = (long) shape.size() * Float.BYTES;
    for (long sample = 0; sample < shape.samples(); sample++) {
      for (int head = 0; head < shape.heads(); head += together) {
        long at = sample * shape.length() * 3 * row + head * headBytes;
        long queries = qkv.address() + at;
        long queriesOut = out.address() + at;
        long result = dy.address() + sample * shape.length() * row + head * headBytes;
        probabilities(queries, queries + row);
        long p = probabilities.address();
        long ds = slopes.address();
        valueGradient.run(p, result, queriesOut + 2 * row);
        slopeProduct.run(result, queries + 2 * row, ds);
        softmaxGradient.run(p, ds, ds);
        queryGradient.run(ds, queries + row, queriesOut);
        keyGradient.run(ds, queries, queriesOut + row);
      }
    }
  }

  private void probabilities(long queries, long keys) {
    scores.run(queries, keys, probabilities.address());
    softmax.run(probabilities, probabilities);
  }

  /** [length, length]: 0 where a position may look, else -infinity. */
  private static MemorySegment mask(int length, Arena owner) {
    MemorySegment mask = owner.allocate((long) length * length * Float.BYTES, ALIGNMENT);
    for (int row = 0; row < length; row++) {
      for (int column = row + 1; column < length; column++) {
        mask.setAtIndex(JAVA_FLOAT, (long) row * length + column, Float.NEGATIVE_INFINITY);
      }
    }
    return mask;
  }

  /** The descriptors, all for as many heads. */
  private static final class Plan {
    private final Dnnl dnnl;
    private final Heads shape;
    private final int together;
    private final OptionalLong scores;
    private final OptionalLong softmax;
    private final OptionalLong mix;
    private final OptionalLong slopes;
    private final OptionalLong softmaxGradient;
    private final OptionalLong valueGradient;
    private final OptionalLong queryGradient;
    private final OptionalLong keyGradient;

    Plan(Dnnl dnnl, Heads shape, Arena building) {
      this.dnnl = dnnl;
      this.shape = shape;
      int length = shape.length();
      int size = shape.size();
      long width = shape.width();
      long pairs = (long) length * length;
      int most = (int) Math.max(1, Math.min(shape.heads(), MOST_SCORES / pairs));
      this.together = largestDivisor(shape.heads(), most);
      long[] rows = {together, length, size};
      long[] columns = {together, size, length};
      long[] square = {together, length, length};
      long part = dnnl.format(building, rows, new long[] {size, 3 * width, 1});
      long partAcross = dnnl.format(building, columns, new long[] {size, 1, 3 * width});
      long result = dnnl.format(building, rows, new long[] {size, width, 1});
      long table = dnnl.format(building, square, new long[] {pairs, length, 1});
      long tableAcross = dnnl.format(building, square, new long[] {pairs, 1, length});
      long mask =
          dnnl.format(building, new long[] {1, length, length}, new long[] {pairs, length, 1});
      Epilogue scaled = new Epilogue(shape.scale(), 0);
      DnnlDescriptors of = new DnnlDescriptors(dnnl);
      scores = of.matMul(building, part, partAcross, table, new Epilogue(shape.scale(), mask));
      softmax = of.softmax(building, table, LAST_AXIS);
      mix = of.matMul(building, table, part, result, Epilogue.NOTHING);
      slopes = of.matMul(building, result, partAcross, table, Epilogue.NOTHING);
      softmaxGradient =
          softmax.isEmpty()
              ? softmax
              : of.softmaxGradient(building, table, LAST_AXIS, softmax.getAsLong());
      valueGradient = of.matMul(building, tableAcross, result, part, Epilogue.NOTHING);
      queryGradient = of.matMul(building, table, part, part, scaled);
      keyGradient = of.matMul(building, tableAcross, part, part, scaled);
    }

    boolean isWhole() {
      return scores.isPresent()
          && softmax.isPresent()
          && mix.isPresent()
          && slopes.isPresent()
          && softmaxGradient.isPresent()
          && valueGradient.isPresent()
          && queryGradient.isPresent()
          && keyGradient.isPresent();
    }

    DnnlPrimitive primitive(OptionalLong descriptor, Arena owner, int... arguments) {
      return new DnnlPrimitive(dnnl, "attention", descriptor.orElseThrow(), owner, arguments);
    }

    private static int largestDivisor(int number, int most) {
      int divisor = most;
      while (number % divisor != 0) {
        divisor--;
      }
      return divisor;
    }
  }
}
