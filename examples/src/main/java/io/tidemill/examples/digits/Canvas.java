package io.tidemill.examples.digits;

/** A square of pixels on which a round pen draws lines. Confined to one thread. */
final class Canvas {
  private final int side;
  private final double penRadius;
  private final double[] ink;
  private double penX;
  private double penY;

  /**
   * An empty square.
   *
   * @param penRadius in pixels; the edge is half a pixel soft on each side
   */
  Canvas(int side, double penRadius) {
    this.side = side;
    this.penRadius = penRadius;
    this.ink = new double[side * side];
  }

  void moveTo(double x, double y) {
    penX = x;
    penY = y;
  }

  /** Inks each pixel by the distance of its centre from the line; ink does not add up. */
  void lineTo(double x, double y) {
    double reach = penRadius + 0.5;
    int left = pixel(Math.min(penX, x) - reach);
    int right = pixel(Math.max(penX, x) + reach);
    int bottom = pixel(Math.max(penY, y) + reach);
    for (int row = pixel(Math.min(penY, y) - reach); row <= bottom; row++) {
      for (int column = left; column <= right; column++) {
        double covered = reach - distance(column + 0.5, row + 0.5, x, y);
        int at = row * side + column;
        ink[at] = Math.max(ink[at], Math.min(1, covered));
      }
    }
    moveTo(x, y);
  }

  /** The pixels as unsigned bytes, full ink being {@code blackness} of 255. */
  byte[] pixels(double blackness) {
    byte[] pixels = new byte[ink.length];
    for (int i = 0; i < ink.length; i++) {
      pixels[i] = (byte) (255 * blackness * ink[i]);
    }
    return pixels;
  }

  private int pixel(double at) {
    return (int) Math.clamp(Math.floor(at), 0.0, side - 1.0);
  }

  /** From a point to the segment between the pen and (x, y). */
  private double distance(double pointX, double pointY, double x, double y) {
    double alongX = x - penX;
    double alongY = y - penY;
    double square = alongX * alongX + alongY * alongY;
    double projected = (pointX - penX) * alongX + (pointY - penY) * alongY;
    double share = square == 0 ? 0 : Math.clamp(projected / square, 0.0, 1.0);
    double dx = pointX - penX - share * alongX;
    double dy = pointY - penY - share * alongY;
    return Math.sqrt(dx * dx + dy * dy);
  }
}
