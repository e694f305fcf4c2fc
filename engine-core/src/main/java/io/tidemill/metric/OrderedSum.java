package io.tidemill.metric;

import java.util.Arrays;

/** A sum in rising order of its terms, so that its bits do not depend on who came first. */
final class OrderedSum {
  private double[] terms = new double[1024];
  private int size;

  void add(double term) {
    if (size == terms.length) {
      terms = Arrays.copyOf(terms, 2 * size);
    }
    terms[size++] = term;
  }

  /** The mean of the terms; NaN where there are none. */
  double mean() {
    Arrays.sort(terms, 0, size);
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += terms[i];
    }
    return sum / size;
  }
}
