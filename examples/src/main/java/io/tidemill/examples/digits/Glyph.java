package io.tidemill.examples.digits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One way to write a digit: strokes of the pen in a unit square, x to the right, y down.
 *
 * @param strokes of each the points that the pen passes in straight lines: x0, y0, x1, y1, …
 */
record Glyph(List<double[]> strokes) {
  private static final int DEGREES_PER_POINT = 20;

  private static final List<List<Glyph>> DIGITS =
      List.of(
          List.of(
              of(pen().arc(.5, .5, .22, .34, -90, 270)),
              of(pen().arc(.5, .5, .26, .32, -60, 290)),
              of(pen().arc(.5, .5, .17, .34, -110, 250))),
          List.of(
              of(pen().to(.5, .14).to(.5, .86)),
              of(pen().to(.39, .29).to(.52, .14).to(.52, .86)),
              of(pen().to(.38, .28).to(.52, .14).to(.52, .86), pen().to(.36, .86).to(.68, .86))),
          List.of(
              of(pen().arc(.49, .34, .2, .2, -170, 40).to(.29, .84).to(.73, .84)),
              of(
                  pen()
                      .arc(.49, .34, .22, .2, -150, 50)
                      .arc(.37, .76, .1, .08, 100, 330)
                      .to(.74, .85)),
              of(pen().arc(.48, .36, .2, .22, -190, 30).to(.3, .83).to(.5, .79).to(.72, .84))),
          List.of(
              of(pen().arc(.47, .32, .2, .18, -150, 90).arc(.47, .67, .23, .18, -90, 150)),
              of(pen().arc(.46, .33, .22, .17, -130, 70).arc(.46, .68, .24, .19, -70, 130)),
              of(pen().to(.3, .16).to(.68, .16).to(.46, .43).arc(.46, .65, .22, .21, -80, 150))),
          List.of(
              of(pen().to(.34, .15).to(.29, .52).to(.73, .52), pen().to(.62, .18).to(.6, .87)),
              of(pen().to(.6, .87).to(.6, .14).to(.26, .6).to(.76, .6)),
              of(
                  pen().to(.32, .16).arc(.49, .42, .19, .14, 180, 20),
                  pen().to(.68, .14).to(.65, .87))),
          List.of(
              of(pen().to(.7, .17).to(.38, .17).to(.35, .46).arc(.48, .64, .22, .21, -125, 140)),
              of(
                  pen().to(.37, .2).to(.35, .48).arc(.46, .65, .23, .2, -120, 130),
                  pen().to(.37, .18).to(.7, .15)),
              of(
                  pen()
                      .to(.66, .15)
                      .arc(.5, .34, .18, .15, -100, -230)
                      .arc(.46, .66, .2, .18, -60, 140))),
          List.of(
              of(pen().arc(.7, .62, .4, .48, -105, -180).arc(.49, .67, .19, .18, -180, 190)),
              of(pen().to(.44, .13).to(.33, .5).arc(.5, .68, .19, .17, 190, -180)),
              of(pen().arc(.72, .5, .42, .38, -120, -190).arc(.5, .66, .2, .2, 170, -200))),
          List.of(
              of(pen().to(.27, .19).to(.72, .17).to(.45, .87)),
              of(pen().to(.28, .18).to(.71, .18).to(.44, .86), pen().to(.38, .5).to(.69, .5)),
              of(pen().to(.28, .27).to(.29, .18).to(.72, .18).arc(.78, .86, .28, .5, -130, -180))),
          List.of(
              of(pen().arc(.5, .32, .16, .17, 90, 450).arc(.5, .67, .2, .18, -90, 270)),
              of(
                  pen()
                      .arc(.5, .31, .18, .16, -40, -270)
                      .arc(.5, .67, .18, .2, -90, 200)
                      .to(.64, .22)),
              of(pen().arc(.49, .33, .17, .18, 0, 360), pen().arc(.51, .68, .19, .17, 0, 360))),
          List.of(
              of(pen().arc(.49, .34, .19, .19, 0, -360).to(.66, .86)),
              of(
                  pen()
                      .arc(.5, .33, .18, .18, -20, -360)
                      .to(.67, .5)
                      .arc(.48, .64, .2, .22, 0, 120)),
              of(pen().arc(.48, .36, .2, .17, -30, -330).to(.68, .2).to(.62, .87))));

  /** The ways to write a digit from 0 to 9. */
  static List<Glyph> ofDigit(int digit) {
    return DIGITS.get(digit);
  }

  private static Glyph of(Pen... strokes) {
    return new Glyph(Arrays.stream(strokes).map(Pen::points).toList());
  }

  private static Pen pen() {
    return new Pen();
  }

  /** Collects the points of one stroke. */
  private static final class Pen {
    private final List<Double> points = new ArrayList<>();

    Pen to(double x, double y) {
      points.add(x);
      points.add(y);
      return this;
    }

    /** Part of an ellipse; 0 degrees is to the right, 90 is down. */
    Pen arc(double x, double y, double radiusX, double radiusY, double from, double to) {
      int steps = (int) Math.ceil(Math.abs(to - from) / DEGREES_PER_POINT);
      for (int i = 0; i <= steps; i++) {
        double angle = Math.toRadians(from + (to - from) * i / steps);
        to(x + radiusX * StrictMath.cos(angle), y + radiusY * StrictMath.sin(angle));
      }
      return this;
    }

    double[] points() {
      return points.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }
}
