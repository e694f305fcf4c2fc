package io.tidemill.examples.digits;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.connector.Source;
import io.tidemill.examples.random.KeyedRandom;
import java.util.List;

/**
 * Draws digits that look written by hand: an unlimited stand-in for MNIST.
 *
 * <p>Each index is a digit of its own, a pure function of (seed, index): a {@link Glyph} chosen at
 * random, its strokes shifted, the whole bent, turned, scaled, sheared and shifted, and drawn with
 * a pen of random width and blackness. Immutable.
 *
 * @param seed another seed gives another, equally distributed set
 */
public record DigitGenerator(long seed) {
  private static final int PEN = 1;
  private static final double GLYPH_PIXELS = 23;
  private static final double STROKE_JITTER = 0.03;
  private static final double BEND = 0.6;
  private static final double HALF_TURN_TANGENT = 0.17;
  private static final double SHEAR = 0.4;
  private static final double SHIFT_PIXELS = 2;

  /** The images of the indices 0 to {@code count - 1}. */
  public Source<LabelledImage> images(long count) {
    return GeneratedSource.bounded(LabelledImage.class, this::image, count);
  }

  /** The images of all indices. */
  public Source<LabelledImage> images() {
    return GeneratedSource.unbounded(LabelledImage.class, this::image);
  }

  /** The image at an index. */
  public LabelledImage image(long index) {
    KeyedRandom random = new KeyedRandom(seed, index, 0);
    int label = random.below(LabelledImage.CLASSES);
    List<Glyph> glyphs = Glyph.ofDigit(label);
    Glyph glyph = glyphs.get(random.below(glyphs.size()));
    Placement placement = Placement.draw(random);
    KeyedRandom pen = new KeyedRandom(seed, index, PEN);
    Canvas canvas = new Canvas(LabelledImage.SIDE, pen.uniform(0.7, 1.8));
    for (double[] stroke : glyph.strokes()) {
      double right = random.uniform(-STROKE_JITTER, STROKE_JITTER);
      double down = random.uniform(-STROKE_JITTER, STROKE_JITTER);
      draw(stroke, right, down, placement, canvas);
    }
    return new LabelledImage(canvas.pixels(pen.uniform(0.75, 1)), label);
  }

  private static void draw(
      double[] stroke, double right, double down, Placement placement, Canvas canvas) {
    for (int i = 0; i < stroke.length; i += 2) {
      double x = stroke[i] + right - 0.5;
      double y = stroke[i + 1] + down - 0.5;
      double bentX = x + placement.bendX * y * y + placement.twist * x * y;
      double bentY = y + placement.bendY * x * x;
      double atX = placement.xx * bentX + placement.xy * bentY + placement.right;
      double atY = placement.yx * bentX + placement.yy * bentY + placement.down;
      if (i == 0) {
        canvas.moveTo(atX, atY);
      } else {
        canvas.lineTo(atX, atY);
      }
    }
  }

  /** How one image bends and places its glyph: two polynomials, then an affine map to pixels. */
  private record Placement(
      double bendX,
      double bendY,
      double twist,
      double xx,
      double xy,
      double yx,
      double yy,
      double right,
      double down) {

    private static Placement draw(KeyedRandom random) {
      // cos and sin by the tangent of half the angle: about 19 degrees each way, exact arithmetic.
      double t = random.uniform(-HALF_TURN_TANGENT, HALF_TURN_TANGENT);
      double cos = (1 - t * t) / (1 + t * t);
      double sin = 2 * t / (1 + t * t);
      double wide = GLYPH_PIXELS * random.uniform(0.7, 1.25);
      double high = GLYPH_PIXELS * random.uniform(0.8, 1.1);
      double shear = random.uniform(-SHEAR, SHEAR);
      double centre = LabelledImage.SIDE / 2.0;
      return new Placement(
          random.uniform(-BEND, BEND),
          random.uniform(-BEND, BEND),
          random.uniform(-BEND, BEND),
          cos * wide,
          high * (shear * cos - sin),
          sin * wide,
          high * (shear * sin + cos),
          centre + random.uniform(-SHIFT_PIXELS, SHIFT_PIXELS),
          centre + random.uniform(-SHIFT_PIXELS, SHIFT_PIXELS));
    }
  }
}
