package io.tidemill.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Convolution as a matrix product for each group and image: {@link Patches} by the weight.
 *
 * <p>A weight [kernelHeight, kernelWidth, in/groups, out] is a matrix with a column for each output
 * channel, and so is a result; a group is a range of columns of both. Sums over the images are
 * taken in their order.
 */
final class GemmConvolutions implements Convolutions {
  private final Gemm gemm;

  GemmConvolutions(Gemm gemm) {
    this.gemm = gemm;
  }

  @Override
  public Gemm.Product forward(Convolution c, Arena owner) {
    Patches patches = new Patches(c, owner);
    Columns weights = new Columns(patches.length(), c, owner);
    Columns results = new Columns(patches.count(), c, owner);
    Gemm.Product product =
        gemm.product(false, false, patches.count(), c.groupOut(), patches.length(), owner);
    return (x, weight, out) -> {
      for (int group = 0; group < c.groups(); group++) {
        weights.read(weight, 0, group);
        for (int image = 0; image < c.rows(); image++) {
          patches.read(x, image, group);
          product.run(patches.memory(), weights.memory(), results.memory());
          results.write(out, image, group);
        }
      }
    };
  }

  @Override
  public Gemm.Product inputGradient(Convolution c, Arena owner) {
    Patches patches = new Patches(c, owner);
    Columns weights = new Columns(patches.length(), c, owner);
    Columns gradients = new Columns(patches.count(), c, owner);
    Gemm.Product product =
        gemm.product(false, true, patches.count(), patches.length(), c.groupOut(), owner);
    return (weight, dy, dx) -> {
      dx.fill((byte) 0);
      for (int group = 0; group < c.groups(); group++) {
        weights.read(weight, 0, group);
        for (int image = 0; image < c.rows(); image++) {
          gradients.read(dy, image, group);
          product.run(gradients.memory(), weights.memory(), patches.memory());
          patches.addTo(dx, image, group);
        }
      }
    };
  }

  @Override
  public Gemm.Product weightGradient(Convolution c, Arena owner) {
    Patches patches = new Patches(c, owner);
    Columns sums = new Columns(patches.length(), c, owner);
    Columns terms = new Columns(patches.length(), c, owner);
    Columns gradients = new Columns(patches.count(), c, owner);
    int floats = Math.multiplyExact(patches.length(), c.groupOut());
    Gemm.Product product =
        gemm.product(true, false, patches.length(), c.groupOut(), patches.count(), owner);
    return (x, dy, dw) -> {
      for (int group = 0; group < c.groups(); group++) {
        sums.memory().fill((byte) 0);
        for (int image = 0; image < c.rows(); image++) {
          patches.read(x, image, group);
          gradients.read(dy, image, group);
          product.run(patches.memory(), gradients.memory(), terms.memory());
          Patches.add(terms.memory(), 0, sums.memory(), 0, floats);
        }
        sums.write(dw, 0, group);
      }
    };
  }

  /** One group's columns of a matrix [rows, out], dense. */
  private static final class Columns {
    private final int rows;
    private final long matrixBytes;
    private final long rowBytes;
    private final long bytes;
    private final MemorySegment memory;

    Columns(int rows, Convolution c, Arena owner) {
      this.rows = rows;
      this.rowBytes = (long) c.out() * Float.BYTES;
      this.matrixBytes = rows * rowBytes;
      this.bytes = (long) c.groupOut() * Float.BYTES;
      this.memory = owner.allocate(rows * bytes, Lanes.BYTES);
    }

    MemorySegment memory() {
      return memory;
    }

    void read(MemorySegment matrices, int index, int group) {
      long at = index * matrixBytes + group * bytes;
      for (int row = 0; row < rows; row++) {
        MemorySegment.copy(matrices, at + row * rowBytes, memory, row * bytes, bytes);
      }
    }

    void write(MemorySegment matrices, int index, int group) {
      long at = index * matrixBytes + group * bytes;
      for (int row = 0; row < rows; row++) {
        MemorySegment.copy(memory, row * bytes, matrices, at + row * rowBytes, bytes);
      }
    }
  }
}
