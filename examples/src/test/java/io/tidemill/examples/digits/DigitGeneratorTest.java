package io.tidemill.examples.digits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SplitReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

final class DigitGeneratorTest {
  private final DigitGenerator generator = new DigitGenerator(1);

  @Test
  void drawsAnImageFromSeedAndIndexAlone() throws IOException {
    LabelledImage alone = generator.image(1_234_567_890_123L);

    try (SplitReader<LabelledImage> reader = generator.images().open("0", 1_234_567_890_123L)) {
      assertTrue(reader.advance());
      assertArrayEquals(alone.pixels(), reader.current().pixels());
      assertEquals(alone.label(), reader.current().label());
    }
    byte[] other = new DigitGenerator(2).image(1_234_567_890_123L).pixels();
    assertFalse(Arrays.equals(alone.pixels(), other));
  }

  @Test
  void stillDrawsWhatItAlwaysDrew() {
    CRC32 checksum = new CRC32();
    for (int index = 0; index < 500; index++) {
      LabelledImage image = generator.image(index);
      checksum.update(image.label());
      checksum.update(image.pixels());
    }

    assertEquals("deb1e656", "%08x".formatted(checksum.getValue()));
  }

  @Test
  void drawsEachDigitAsOftenAndEachImageOtherwise() {
    int[] counts = new int[10];
    byte[][] images = new byte[5_000][];
    for (int index = 0; index < images.length; index++) {
      LabelledImage image = generator.image(index);
      counts[image.label()]++;
      images[index] = image.pixels();
    }

    assertTrue(Arrays.stream(counts).allMatch(count -> count > 400 && count < 600));
    assertEquals(images.length, Arrays.stream(images).map(Arrays::toString).distinct().count());
  }

  @Test
  void inksAReasonablePartOfEachImageInsideItsFrame() {
    for (int index = 0; index < 2_000; index++) {
      byte[] pixels = generator.image(index).pixels();
      int inked = 0;
      int corners = 0;
      for (int i = 0; i < pixels.length; i++) {
        boolean ink = (pixels[i] & 0xff) > 127;
        inked += ink ? 1 : 0;
        corners += ink && (i == 0 || i == 27 || i == 27 * 28 || i == 783) ? 1 : 0;
      }
      assertTrue(inked > 15 && inked < 300, "index " + index + " has " + inked + " dark pixels");
      assertEquals(0, corners, "index " + index);
    }
  }

  @Test
  void canBeToldApartByTheNearestOfTheImagesSeen() {
    LabelledImage[] seen = new LabelledImage[3_000];
    Arrays.setAll(seen, generator::image);

    int right = 0;
    for (int index = 0; index < 200; index++) {
      LabelledImage image = generator.image(1_000_000 + index);
      right += nearest(seen, image.pixels()).label() == image.label() ? 1 : 0;
    }

    assertTrue(right >= 160, right + " of 200 right");
  }

  private static LabelledImage nearest(LabelledImage[] seen, byte[] pixels) {
    LabelledImage best = seen[0];
    long least = Long.MAX_VALUE;
    for (LabelledImage candidate : seen) {
      long distance = 0;
      for (int i = 0; i < pixels.length; i++) {
        int difference = (pixels[i] & 0xff) - (candidate.pixels()[i] & 0xff);
        distance += (long) difference * difference;
      }
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best;
  }
}
