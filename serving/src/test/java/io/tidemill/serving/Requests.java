package io.tidemill.serving;

import java.util.Arrays;
import java.util.Random;

/** Bodies of requests for the model {@code small}, and rows to make them of. */
final class Requests {
  static final String INFER = "/v2/models/small/infer";
  static final float[] ROW = {0.5f, -1, 2, 0.25f};

  /** {@link #ROW}, with the id 7. */
  static final String GOOD =
      "{\"id\":\"7\",\"inputs\":[{\"name\":\"input\",\"shape\":[1,4],\"datatype\":\"FP32\","
          + "\"data\":[0.5,-1,2,0.25]}]}";

  private Requests() {}

  static float[][] randomRows(int rows, int features, long seed) {
    Random random = new Random(seed);
    float[][] values = new float[rows][features];
    for (float[] row : values) {
      for (int i = 0; i < features; i++) {
        row[i] = random.nextFloat() * 4 - 2;
      }
    }
    return values;
  }

  static String body(float[][] rows) {
    return "{\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[%d,%d],\"data\":%s}]}"
        .formatted(rows.length, rows[0].length, Arrays.deepToString(rows));
  }
}
