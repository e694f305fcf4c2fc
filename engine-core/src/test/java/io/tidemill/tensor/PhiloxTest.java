package io.tidemill.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PhiloxTest {

  /** The first two words of Random123's known answers for philox4x32-10. */
  @Test
  void agreesWithThePublishedAnswers() {
    assertEquals(0x6627e8d5, (int) Philox.bits(0, 0, 0));
    assertEquals(0xe169c58d, (int) (Philox.bits(0, 0, 0) >>> 32));
    assertEquals(0x408f276d, (int) Philox.bits(-1, -1, -1));
    assertEquals(0x41c83b0e, (int) (Philox.bits(-1, -1, -1) >>> 32));
    long seed = 0x299f31d0a4093822L;
    long stream = 0x0370734413198a2eL;
    long index = 0x85a308d3243f6a88L;
    assertEquals(0xd16cfe09, (int) Philox.bits(seed, stream, index));
    assertEquals(0x94fdcceb, (int) (Philox.bits(seed, stream, index) >>> 32));
  }

  @Test
  void uniformNumbersFillTheirInterval() {
    double sum = 0;
    for (int i = 0; i < 10_000; i++) {
      float number = Philox.uniform(42, Philox.stream("dense-1.weight"), i);
      assertTrue(number >= 0 && number < 1);
      sum += number;
    }

    assertEquals(0.5, sum / 10_000, 0.01);
  }

  @Test
  void namesGiveStreamsOfTheirOwn() {
    assertNotEquals(Philox.stream("dense-1.weight"), Philox.stream("dense-2.weight"));
  }
}
