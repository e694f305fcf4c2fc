package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.DnnlPrimitive.RESULT;
import static io.tidemill.device.cpu.DnnlPrimitive.RESULT_GRADIENT;
import static io.tidemill.device.cpu.DnnlPrimitive.SOURCE;
import static io.tidemill.device.cpu.DnnlPrimitive.SOURCE_GRADIENT;
import static io.tidemill.device.cpu.DnnlPrimitive.WEIGHTS;
import static io.tidemill.device.cpu.DnnlPrimitive.WEIGHTS_GRADIENT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/**
 * Convolution by oneDNN: images as they lie, weights in the format that oneDNN likes best.
 *
 * <p>Weights are copied into that format, or gradients out of it, at each run: microseconds, and a
 * convolution with plain weights takes up to twice as long (docs/benchmarks/onednn-layouts.md).
 * Where oneDNN has no fast implementation for a shape, the fallback computes it.
 */
final class DnnlConvolutions implements Convolutions {
  private static final int ALIGNMENT = 64;

  private final Dnnl dnnl;
  private final DnnlDescriptors descriptors;
  private final Convolutions fallback;

  DnnlConvolutions(Dnnl dnnl, Convolutions fallback) {
    this.dnnl = dnnl;
    this.descriptors = new DnnlDescriptors(dnnl);
    this.fallback = fallback;
  }

  Dnnl dnnl() {
    return dnnl;
  }

  @Override
  public Gemm.Product forward(Convolution c, Arena owner) {
    try (Arena building = Arena.ofConfined()) {
      OptionalLong found = descriptors.convolution(building, formats(c, building));
      if (found.isEmpty()) {
        return fallback.forward(c, owner);
      }
      long descriptor = found.getAsLong();
      String name = "convolution of " + c.text();
      DnnlPrimitive product =
          new DnnlPrimitive(dnnl, name, descriptor, owner, SOURCE, WEIGHTS, RESULT);
      long format = dnnl.formatOf(descriptor, WEIGHTS);
      DnnlPrimitive pack = copy(plainWeights(c, building), format, building, owner);
      MemorySegment packed = owner.allocate(dnnl.bytes(format), ALIGNMENT);
      return (x, weight, out) -> {
        pack.run(weight, packed);
        product.run(x, packed, out);
      };
    }
  }

  @Override
  public Gemm.Product inputGradient(Convolution c, Arena owner) {
    try (Arena building = Arena.ofConfined()) {
      DnnlDescriptors.ConvolutionFormats formats = formats(c, building);
      OptionalLong forward = descriptors.convolution(building, formats);
      OptionalLong found =
          forward.isEmpty()
              ? forward
              : descriptors.convolutionInputGradient(building, formats, forward.getAsLong());
      if (found.isEmpty()) {
        return fallback.inputGradient(c, owner);
      }
      long descriptor = found.getAsLong();
      String name = "input gradient of a convolution of " + c.text();
      DnnlPrimitive product =
          new DnnlPrimitive(
              dnnl, name, descriptor, owner, WEIGHTS, RESULT_GRADIENT, SOURCE_GRADIENT);
      long format = dnnl.formatOf(descriptor, WEIGHTS);
      DnnlPrimitive pack = copy(plainWeights(c, building), format, building, owner);
      MemorySegment packed = owner.allocate(dnnl.bytes(format), ALIGNMENT);
      return (weight, dy, dx) -> {
        pack.run(weight, packed);
        product.run(packed, dy, dx);
      };
    }
  }

  @Override
  public Gemm.Product weightGradient(Convolution c, Arena owner) {
    try (Arena building = Arena.ofConfined()) {
      DnnlDescriptors.ConvolutionFormats formats = formats(c, building);
      OptionalLong forward = descriptors.convolution(building, formats);
      OptionalLong found =
          forward.isEmpty()
              ? forward
              : descriptors.convolutionWeightGradient(building, formats, forward.getAsLong());
      if (found.isEmpty()) {
        return fallback.weightGradient(c, owner);
      }
      long descriptor = found.getAsLong();
      String name = "weight gradient of a convolution of " + c.text();
      DnnlPrimitive product =
          new DnnlPrimitive(
              dnnl, name, descriptor, owner, SOURCE, RESULT_GRADIENT, WEIGHTS_GRADIENT);
      long format = dnnl.formatOf(descriptor, WEIGHTS_GRADIENT);
      DnnlPrimitive unpack = copy(format, plainWeights(c, building), building, owner);
      MemorySegment packed = owner.allocate(dnnl.bytes(format), ALIGNMENT);
      return (x, dy, dw) -> {
        product.run(x, dy, packed);
        unpack.run(packed, dw);
      };
    }
  }

  private DnnlPrimitive copy(long from, long to, Arena building, Arena owner) {
    long descriptor = descriptors.reorder(building, from, to).orElseThrow();
    return new DnnlPrimitive(dnnl, "copy of a weight", descriptor, owner, SOURCE, RESULT);
  }

  /** oneDNN names dimensions in the order of rows, channels, height, width, however they lie. */
  private DnnlDescriptors.ConvolutionFormats formats(Convolution c, Arena building) {
    return new DnnlDescriptors.ConvolutionFormats(
        images(c.rows(), c.in(), c.height(), c.width(), building),
        dnnl.anyFormat(building, weightDims(c), Dnnl.FLOAT32),
        images(c.rows(), c.out(), c.outHeight(), c.outWidth(), building),
        building.allocateFrom(JAVA_LONG, c.stride(), c.stride()),
        building.allocateFrom(JAVA_LONG, c.padding(), c.padding()));
  }

  private long images(long rows, long channels, long height, long width, Arena building) {
    return dnnl.format(
        building,
        new long[] {rows, channels, height, width},
        new long[] {height * width * channels, 1, width * channels, channels});
  }

  /** Groups, and then by group: out, in, height, width. */
  private static long[] weightDims(Convolution c) {
    return new long[] {c.groups(), c.groupOut(), c.groupIn(), c.kernelHeight(), c.kernelWidth()};
  }

  private long plainWeights(Convolution c, Arena building) {
    long tap = (long) c.groupIn() * c.out();
    return dnnl.format(
        building, weightDims(c), new long[] {c.groupOut(), 1, c.out(), c.kernelWidth() * tap, tap});
  }
}
