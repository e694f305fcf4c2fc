package io.tidemill.connector.idx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

final class IdxSourceTest {
  // Three images of 1 x 2 pixels.
  private static final byte[] IMAGES = {
    0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 20, 21, 30, -1
  };
  private static final byte[] LABELS = {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, -1};

  @TempDir private Path folder;
  private Path images;
  private Path labels;

  @SuppressWarnings("ArrayRecordComponent") // a test's record, never compared
  private record Image(byte[] pixels, int label) {}

  @BeforeEach
  void writePair() throws IOException {
    images = folder.resolve("train-images-idx3-ubyte");
    labels = folder.resolve("train-labels-idx1-ubyte");
    Files.write(images, IMAGES);
    Files.write(labels, LABELS);
  }

  @Test
  void readsImagesWithTheirLabels() throws IOException {
    List<Image> read = readAll(0);

    assertEquals(List.of(1, 2, 255), read.stream().map(Image::label).toList());
    assertArrayEquals(new byte[] {10, 11}, read.get(0).pixels());
    assertArrayEquals(new byte[] {30, -1}, read.get(2).pixels());
    assertEquals(3, source().estimatedRecords().orElseThrow());
  }

  @Test
  void readsGzip() throws IOException {
    gzip(images);

    assertEquals(3, readAll(0).size());
  }

  @Test
  void opensAfterTheImagesAlreadyRead() throws IOException {
    assertEquals(List.of(255), readAll(2).stream().map(Image::label).toList());
    assertEquals(List.of(), readAll(3));
    assertRefused(
        images + " has 3 images, but the checkpoint has read 4: it is not the same file any more",
        () -> readAll(4));
  }

  @Test
  void refusesATruncatedFile() throws IOException {
    Files.write(images, Arrays.copyOf(IMAGES, IMAGES.length - 1));
    assertRefused(
        images + " is truncated: expected 6 bytes of data, found 5; copy or download it again",
        source()::check);

    Files.write(images, Arrays.copyOf(IMAGES, 9));
    assertRefused(images + " ends inside its header; copy or download it again", source()::check);
  }

  @Test
  void refusesTruncatedGzip() throws IOException {
    Path gzip = gzip(images);
    byte[] whole = Files.readAllBytes(gzip);
    Files.write(gzip, Arrays.copyOf(whole, whole.length - 9));

    EngineException failure = assertThrows(EngineException.class, source()::check);

    assertTrue(failure.getMessage().startsWith(gzip + " is truncated: its gzip data breaks off"));
  }

  @Test
  void readsGzipOfSeveralMembersWhoseLastDoesNotSayTheWholeLength() throws IOException {
    Path gzip = Path.of(images + ".gz");
    try (OutputStream out = Files.newOutputStream(gzip)) {
      out.write(gzipped(Arrays.copyOf(IMAGES, 18)));
      out.write(gzipped(Arrays.copyOfRange(IMAGES, 18, IMAGES.length)));
    }
    Files.delete(images);

    source().check();

    assertEquals(3, readAll(0).size());
    assertArrayEquals(new byte[] {30, -1}, readAll(2).getFirst().pixels());
  }

  @Test
  void damageThatNoLengthShowsIsFoundBehindTheLastImage() throws IOException {
    Path gzip = gzip(images);
    byte[] damaged = Files.readAllBytes(gzip);
    damaged[damaged.length - Long.BYTES] ^= 1; // of the checksum
    Files.write(gzip, damaged);

    EngineException failure = assertThrows(EngineException.class, () -> readAll(0));

    assertEquals(
        gzip
            + " is damaged: its gzip data breaks off after 22 decompressed bytes;"
            + " copy or download it again",
        failure.getMessage());
  }

  @Test
  void refusesAFileCalledGzipThatIsNot() throws IOException {
    Path gzip = Path.of(images + ".gz");
    Files.move(images, gzip);

    EngineException failure = assertThrows(EngineException.class, source()::check);

    assertTrue(failure.getMessage().startsWith(gzip + " is called .gz but is not gzip"));
  }

  @Test
  void refusesAnotherKindOfFile() throws IOException {
    Files.write(images, LABELS);

    assertRefused(
        images
            + " is not the expected kind of IDX file: it must begin with 00000803, not 00000801;"
            + " copy or download it again",
        source()::check);
  }

  @Test
  void refusesLabelsOfOtherImages() throws IOException {
    Files.write(labels, new byte[] {0, 0, 8, 1, 0, 0, 0, 2, 1, 2});

    assertRefused(
        images + " and " + labels + " do not belong together: 3 images, 2 labels", source()::check);
  }

  @Test
  void refusesImagesOfAnotherSizeAndLabelsOfNoClass() {
    assertRefused(
        images + " has images of another size: expected 784 pixels, found 2",
        IdxSource.of(Image.class, folder, "train", 784, 256, Image::new)::check);
    assertRefused(
        labels + " item 2: expected a label below 10, found 255",
        IdxSource.of(Image.class, folder, "train", 2, 10, Image::new)::check);
  }

  @Test
  void refusesMoreDataThanTheHeaderSays() throws IOException {
    Files.write(labels, Arrays.copyOf(LABELS, LABELS.length + 1));

    assertRefused(
        labels + " has more than the 3 bytes its header says; copy or download it again",
        source()::check);
  }

  @Test
  void refusesImpossibleDimensions() throws IOException {
    byte[] negative = IMAGES.clone();
    negative[4] = -1;
    Files.write(images, negative);
    assertRefused(
        images + " has a negative dimension in its header: -16777213; copy or download it again",
        source()::check);

    byte[] huge = IMAGES.clone();
    huge[8] = 127;
    huge[12] = 127;
    Files.write(images, huge);
    assertRefused(
        images
            + " says that it has over 2 GiB of data, which is too much;"
            + " copy or download it again",
        source()::check);
  }

  @Test
  void refusesAMissingFolderOrFile() throws IOException {
    Files.delete(labels);
    EngineException file = assertThrows(EngineException.class, source()::check);
    Path missing = folder.resolve("none");
    EngineException noFolder =
        assertThrows(
            EngineException.class,
            () -> IdxSource.of(Image.class, missing, "train", 2, 256, Image::new).check());

    assertEquals(ErrorCode.NOT_FOUND, file.code());
    assertEquals(labels + " does not exist: give a file to read", file.getMessage());
    assertEquals(
        missing + " is not a folder: give the folder with the IDX files", noFolder.getMessage());
  }

  private static void assertRefused(String sentence, Executable action) {
    EngineException failure = assertThrows(EngineException.class, action);
    assertEquals(sentence, failure.getMessage());
    assertEquals(ErrorCode.INVALID_DATA, failure.code());
  }

  private IdxSource<Image> source() {
    return IdxSource.of(Image.class, folder, "train", 2, 256, Image::new);
  }

  private List<Image> readAll(long offset) throws IOException {
    List<Image> read = new ArrayList<>();
    try (SplitReader<Image> reader = source().open("train", offset)) {
      while (reader.advance()) {
        read.add(reader.current());
      }
    }
    return read;
  }

  private static byte[] gzipped(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static Path gzip(Path file) throws IOException {
    Path gzip = Path.of(file + ".gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
      Files.copy(file, out);
    }
    Files.delete(file);
    return gzip;
  }
}
