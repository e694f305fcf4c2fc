package io.tidemill.benchmarks.contender;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class WindowsTest {
  private final Windows windows = new Windows();

  @Test
  void theMedianOfAnOddNumberIsTheOneInTheMiddle() {
    add(30, 10, 20);

    assertEquals(20, windows.median());
    assertEquals(10, windows.least());
    assertEquals(30, windows.most());
  }

  @Test
  void theMedianOfAnEvenNumberIsTheMeanOfTheTwoInTheMiddle() {
    add(40, 10, 20, 90);

    assertEquals(30, windows.median());
  }

  private void add(double... figures) {
    for (double figure : figures) {
      windows.add(figure);
    }
  }
}
