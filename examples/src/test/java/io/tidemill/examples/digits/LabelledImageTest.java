package io.tidemill.examples.digits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.connector.SplitReader;
import io.tidemill.examples.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

final class LabelledImageTest {
  // CRC-32 of the published raw pixels, by `gzip -dc FILE | tail -c +17 | crc32 /dev/stdin`.
  private static final String TRAIN_PIXELS = "f3639b56";
  private static final String TEST_PIXELS = "e4ca5f57";

  @Test
  void readsThePublishedTrainingImages() throws IOException {
    assertContent(
        "train",
        TRAIN_PIXELS,
        new int[] {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});
  }

  @Test
  void readsThePublishedTestImages() throws IOException {
    assertContent(
        "t10k", TEST_PIXELS, new int[] {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  }

  private static void assertContent(String name, String pixels, int[] labels) throws IOException {
    Path folder = SharedData.require("mnist");
    CRC32 checksum = new CRC32();
    int[] counts = new int[LabelledImage.CLASSES];

    try (SplitReader<LabelledImage> reader = LabelledImage.idx(folder, name).open(name, 0)) {
      while (reader.advance()) {
        checksum.update(reader.current().pixels());
        counts[reader.current().label()]++;
      }
    }

    assertArrayEquals(labels, counts);
    assertEquals(pixels, "%08x".formatted(checksum.getValue()));
  }
}
