package io.tidemill.program;

import io.tidemill.tensor.Philox;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** Attention, embeddings, dropout and the moving of elements in double by the plainest loops. */
final class SequenceOracle {
  private SequenceOracle() {}

  static double[] attention(int heads, Shape qkv, double[] in) {
    int length = qkv.dim(1);
    int width = qkv.dim(2) / 3;
    int size = width / heads;
    double[] out = new double[qkv.dim(0) * length * width];
    for (int sample = 0; sample < qkv.dim(0); sample++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < length; i++) {
          double[] p = probabilities(in, sample, head, i, length, width, size);
          for (int j = 0; j <= i; j++) {
            for (int d = 0; d < size; d++) {
              int value = ((sample * length + j) * 3 + 2) * width + head * size + d;
              out[(sample * length + i) * width + head * size + d] += p[j] * in[value];
            }
          }
        }
      }
    }
    return out;
  }

  static double[] attentionGradient(int heads, Shape qkv, double[] in, double[] dy) {
    int length = qkv.dim(1);
    int width = qkv.dim(2) / 3;
    int size = width / heads;
    double scale = 1 / Math.sqrt(size);
    double[] out = new double[in.length];
    for (int sample = 0; sample < qkv.dim(0); sample++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < length; i++) {
          double[] p = probabilities(in, sample, head, i, length, width, size);
          double[] dp = new double[i + 1];
          int query = (sample * length + i) * 3 * width + head * size;
          int upstream = (sample * length + i) * width + head * size;
          double dot = 0;
          for (int j = 0; j <= i; j++) {
            int key = ((sample * length + j) * 3 + 1) * width + head * size;
            for (int d = 0; d < size; d++) {
              dp[j] += dy[upstream + d] * in[key + width + d];
              out[key + width + d] += p[j] * dy[upstream + d];
            }
            dot += p[j] * dp[j];
          }
          for (int j = 0; j <= i; j++) {
            int key = ((sample * length + j) * 3 + 1) * width + head * size;
            double ds = p[j] * (dp[j] - dot) * scale;
            for (int d = 0; d < size; d++) {
              out[query + d] += ds * in[key + d];
              out[key + d] += ds * in[query + d];
            }
          }
        }
      }
    }
    return out;
  }

  /** How much position i looks at each up to itself. */
  private static double[] probabilities(
      double[] in, int sample, int head, int i, int length, int width, int size) {
    double[] p = new double[i + 1];
    for (int j = 0; j <= i; j++) {
      for (int d = 0; d < size; d++) {
        int query = (sample * length + i) * 3 * width + head * size + d;
        int key = ((sample * length + j) * 3 + 1) * width + head * size + d;
        p[j] += in[query] * in[key] / Math.sqrt(size);
      }
    }
    double sum = Arrays.stream(p).map(Math::exp).sum();
    return Arrays.stream(p).map(score -> Math.exp(score) / sum).toArray();
  }

  static double[] embedding(double[] ids, double[] table, int n) {
    double[] out = new double[ids.length * n];
    for (int i = 0; i < out.length; i++) {
      out[i] = table[((int) ids[i / n]) * n + i % n];
    }
    return out;
  }

  static double[] embeddingGradient(int count, double[] ids, double[] dy, int n) {
    double[] out = new double[count * n];
    for (int i = 0; i < dy.length; i++) {
      out[((int) ids[i / n]) * n + i % n] += dy[i];
    }
    return out;
  }

  static double[] embeddingRowsGradient(int count, List<double[]> in, int n) {
    double[] out = new double[count * n];
    for (int lookup = 0; lookup < in.size(); lookup += 2) {
      double[] added = embeddingGradient(count, in.get(lookup), in.get(lookup + 1), n);
      Arrays.setAll(out, i -> out[i] + added[i]);
    }
    return out;
  }

  static double[] dropout(Op.Dropout op, double[] x, double[] key) {
    long seed = Philox.bits((long) key[0], (long) key[1], (long) key[2]);
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      long draw = (Philox.bits(seed, op.stream(), i / 4) >>> (16 * (i % 4))) & 0xffff;
      out[i] = draw < op.rate() * 65536 ? 0 : x[i] / (1 - op.rate());
    }
    return out;
  }

  static double[] transpose(Shape shape, List<Integer> axes, double[] x) {
    double[] out = new double[x.length];
    int[] index = new int[shape.rank()];
    for (double element : x) {
      int at = 0;
      for (int axis : axes) {
        at = at * shape.dim(axis) + index[axis];
      }
      out[at] = element;
      int axis = shape.rank() - 1;
      while (axis >= 0 && ++index[axis] == shape.dim(axis)) {
        index[axis--] = 0;
      }
    }
    return out;
  }

  /** Each element of the result by its place (row, index along the axis, element behind it). */
  private interface Place {
    double of(int row, int index, int rest);
  }

  private static double[] along(Shape out, int axis, Place place) {
    int rest = inner(out, axis);
    int length = out.dim(axis);
    double[] numbers = new double[Math.toIntExact(out.elements())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = place.of(i / rest / length, i / rest % length, i % rest);
    }
    return numbers;
  }

  static double[] slice(Op.Slice op, Shape x, Shape out, double[] in) {
    int axis = op.axis();
    return along(out, axis, (row, i, rest) -> in[at(x, axis, row, i + op.from(), rest)]);
  }

  static double[] pad(Op.Pad op, Shape x, Shape out, double[] in) {
    int axis = op.axis();
    return along(
        out,
        axis,
        (row, i, rest) ->
            i < op.before() || i >= op.before() + x.dim(axis)
                ? 0
                : in[at(x, axis, row, i - op.before(), rest)]);
  }

  static double[] concat(int axis, List<Shape> shapes, Shape out, double[][] in) {
    return along(
        out,
        axis,
        (row, i, rest) -> {
          int input = 0;
          int index = i;
          while (index >= shapes.get(input).dim(axis)) {
            index -= shapes.get(input++).dim(axis);
          }
          return in[input][at(shapes.get(input), axis, row, index, rest)];
        });
  }

  static double[] repeat(Op.Repeat op, Shape out, double[] in) {
    int rests = inner(out, op.axis());
    return along(out, op.axis(), (row, _, rest) -> in[row * rests + rest]);
  }

  static double[] reduce(Op.Reduce op, Shape x, double[] in) {
    int axis = op.axis();
    double[] out = new double[in.length / x.dim(axis)];
    for (int i = 0; i < out.length; i++) {
      int rests = inner(x, axis);
      double[] numbers = new double[x.dim(axis)];
      for (int j = 0; j < numbers.length; j++) {
        numbers[j] = in[at(x, axis, i / rests, j, i % rests)];
      }
      out[i] =
          switch (op.reduction()) {
            case SUM -> Arrays.stream(numbers).sum();
            case MEAN -> Arrays.stream(numbers).average().orElseThrow();
            case MAX -> Arrays.stream(numbers).max().orElseThrow();
          };
    }
    return out;
  }

  static double[] reduceMaxGradient(int axis, Shape x, double[] in, double[] dy) {
    double[] out = new double[in.length];
    int rests = inner(x, axis);
    for (int i = 0; i < dy.length; i++) {
      int best = at(x, axis, i / rests, 0, i % rests);
      for (int j = 1; j < x.dim(axis); j++) {
        int candidate = at(x, axis, i / rests, j, i % rests);
        best = in[candidate] > in[best] ? candidate : best;
      }
      out[best] = dy[i];
    }
    return out;
  }

  private static int at(Shape shape, int axis, int row, int index, int rest) {
    return (row * shape.dim(axis) + index) * inner(shape, axis) + rest;
  }

  private static int inner(Shape shape, int axis) {
    int elements = 1;
    for (int i = axis + 1; i < shape.rank(); i++) {
      elements *= shape.dim(i);
    }
    return elements;
  }
}
