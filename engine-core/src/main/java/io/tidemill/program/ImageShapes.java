package io.tidemill.program;

import io.tidemill.tensor.Shape;

/** The shapes of images [rows, height, width, channels] that windows slide over. */
final class ImageShapes {
  private ImageShapes() {}

  /**
   * How many windows fit along the height and the width of an image; 0 where none does.
   *
   * <p>As many are the height and the width of the image that they give.
   */
  private record Windows(int height, int width) {
    static Windows over(
        int height, int width, int windowHeight, int windowWidth, int stride, int padding) {
      return new Windows(
          along(height, windowHeight, stride, padding), along(width, windowWidth, stride, padding));
    }

    private static int along(int size, int window, int stride, int padding) {
      int room = size + 2 * padding - window;
      return room < 0 || stride < 1 || padding < 0 ? 0 : room / stride + 1;
    }

    boolean isEmpty() {
      return height < 1 || width < 1;
    }

    boolean give(Shape images) {
      return images.dim(1) == height && images.dim(2) == width;
    }

    Shape images(int rows, int channels) {
      return Shape.of(rows, height, width, channels);
    }
  }

  static Shape convolution(Op.Conv2d conv, Operands in) {
    in.take(
        "images [rows, height, width, in] and a weight [kernelHeight, kernelWidth, in/groups, out]"
            + groups(conv.groups()),
        2,
        () ->
            areImages(in)
                && in.shape(0).dim(3) == in.shape(1).dim(2) * conv.groups()
                && divides(conv.groups(), in.shape(1).dim(3)));
    Shape images = in.shape(0);
    Shape weight = in.shape(1);
    Windows windows =
        Windows.over(
            images.dim(1),
            images.dim(2),
            weight.dim(0),
            weight.dim(1),
            conv.stride(),
            conv.padding());
    if (windows.isEmpty()) {
      throw in.mismatch(
          "images at least as large as the kernel (stride=%d padding=%d)"
              .formatted(conv.stride(), conv.padding()));
    }
    return windows.images(images.dim(0), weight.dim(3));
  }

  static Shape convolutionInput(Op.Conv2dInputGradient conv, Operands in) {
    in.take(
        "a weight and the gradient of images [rows, height, width, out] that it gave"
            + groups(conv.groups()),
        2,
        () ->
            areImages(in)
                && in.shape(1).dim(3) == in.shape(0).dim(3)
                && divides(conv.groups(), in.shape(0).dim(3))
                && Windows.over(
                        conv.height(),
                        conv.width(),
                        in.shape(0).dim(0),
                        in.shape(0).dim(1),
                        conv.stride(),
                        conv.padding())
                    .give(in.shape(1)));
    return Shape.of(
        in.shape(1).dim(0), conv.height(), conv.width(), in.shape(0).dim(2) * conv.groups());
  }

  static Shape convolutionWeight(Op.Conv2dWeightGradient conv, Operands in) {
    in.take(
        "images [rows, height, width, in] and the gradient of the images that they gave"
            + groups(conv.groups()),
        2,
        () ->
            areImages(in)
                && in.shape(0).dim(0) == in.shape(1).dim(0)
                && divides(conv.groups(), in.shape(0).dim(3))
                && divides(conv.groups(), in.shape(1).dim(3))
                && Windows.over(
                        in.shape(0).dim(1),
                        in.shape(0).dim(2),
                        conv.kernelHeight(),
                        conv.kernelWidth(),
                        conv.stride(),
                        conv.padding())
                    .give(in.shape(1)));
    return Shape.of(
        conv.kernelHeight(),
        conv.kernelWidth(),
        in.shape(0).dim(3) / conv.groups(),
        in.shape(1).dim(3));
  }

  /** The first of {@code count} inputs, pooled. */
  static Shape pooled(int window, int stride, int padding, Operands in, int count) {
    String expected =
        "images [rows, height, width, channels] at least as large as the window (window="
            + (window + " stride=" + stride + " padding=" + padding + ")");
    in.take(
        expected,
        count,
        () -> in.shape(0).rank() == 4 && window >= 1 && stride >= 1 && 2 * padding <= window);
    Shape images = in.shape(0);
    Windows windows = Windows.over(images.dim(1), images.dim(2), window, window, stride, padding);
    if (windows.isEmpty()) {
      throw in.mismatch(expected);
    }
    return windows.images(images.dim(0), images.dim(3));
  }

  static Shape maxPoolInput(Op.MaxPool2dGradient pool, Operands in) {
    Shape pooled = pooled(pool.window(), pool.stride(), pool.padding(), in, 3);
    in.take(
        "images, the pooled images and their gradient",
        3,
        () -> pooled.equals(in.shape(1)) && in.same(1, 2));
    return in.shape(0);
  }

  static Shape averagePoolInput(Op.AveragePool2dGradient pool, Operands in) {
    int window = pool.window();
    Windows windows =
        Windows.over(pool.height(), pool.width(), window, window, pool.stride(), pool.padding());
    in.take(
        "the gradient of pooled images [rows, height, width, channels]",
        1,
        () -> in.shape(0).rank() == 4 && windows.give(in.shape(0)));
    return Shape.of(in.shape(0).dim(0), pool.height(), pool.width(), in.shape(0).dim(3));
  }

  private static boolean areImages(Operands in) {
    return in.shape(0).rank() == 4 && in.shape(1).rank() == 4;
  }

  private static boolean divides(int groups, int channels) {
    return groups >= 1 && channels % groups == 0;
  }

  private static String groups(int groups) {
    return " (groups=" + groups + ")";
  }
}
