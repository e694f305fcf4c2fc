package io.tidemill.connector.idx;

import io.tidemill.connector.Source;
import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Images and their labels from a pair of IDX files, plain or gzip, as MNIST is published.
 *
 * <p>In a folder, {@code NAME-images-idx3-ubyte[.gz]} has the images and {@code
 * NAME-labels-idx1-ubyte[.gz]} the labels. Labels are read whole when the one split is opened,
 * images one by one.
 *
 * @param <T> the record type
 */
public final class IdxSource<T> implements Source<T> {
  private static final int IMAGES_MAGIC = 0x0803;
  private static final int LABELS_MAGIC = 0x0801;

  private final Class<T> type;
  private final Path folder;
  private final String name;
  private final int pixels;
  private final int classes;
  private final ImageMaker<T> maker;

  private IdxSource(
      Class<T> type, Path folder, String name, int pixels, int classes, ImageMaker<T> maker) {
    this.type = Objects.requireNonNull(type);
    this.folder = Objects.requireNonNull(folder);
    this.name = Objects.requireNonNull(name);
    this.pixels = pixels;
    this.classes = classes;
    this.maker = Objects.requireNonNull(maker);
  }

  /** Makes a record of an image. */
  @FunctionalInterface
  public interface ImageMaker<T> {
    /**
     * Called once per image.
     *
     * @param pixels row-major, one byte each, 0 to 255 unsigned; the record's own
     * @param label counted from 0
     */
    T make(byte[] pixels, int label);
  }

  /**
   * The images of a pair of files.
   *
   * @param name how both names begin: {@code train} or {@code t10k} for MNIST
   * @param pixels what each image must have, rows times columns
   * @param classes what each label must be below
   */
  public static <T> IdxSource<T> of(
      Class<T> type, Path folder, String name, int pixels, int classes, ImageMaker<T> maker) {
    return new IdxSource<>(type, folder, name, pixels, classes, maker);
  }

  @Override
  public Class<T> type() {
    return type;
  }

  @Override
  public List<String> splits() {
    return List.of(name);
  }

  @Override
  public boolean isBounded() {
    return true;
  }

  @Override
  public SplitReader<T> open(String split, long offset) {
    Pair pair = pair();
    if (offset > pair.images.count()) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s has %,d images, but the checkpoint has read %,d: it is not the same file any more"
              .formatted(pair.images.path(), pair.images.count(), offset));
    }
    return new Reader(pair, Math.toIntExact(offset));
  }

  /** Reads labels and both headers: a truncated file is refused before the job starts. */
  @Override
  public void check() {
    pair().images.checkLength();
  }

  @Override
  public OptionalLong estimatedRecords() {
    return OptionalLong.of(images().count());
  }

  private IdxFile images() {
    return IdxFile.of(file("images-idx3"), IMAGES_MAGIC);
  }

  private Pair pair() {
    IdxFile images = images();
    IdxFile labels = IdxFile.of(file("labels-idx1"), LABELS_MAGIC);
    if (images.count() != labels.count()) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s and %s do not belong together: %,d images, %,d labels"
              .formatted(images.path(), labels.path(), images.count(), labels.count()));
    }
    if (images.itemBytes() != pixels) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s has images of another size: expected %d pixels, found %d"
              .formatted(images.path(), pixels, images.itemBytes()));
    }
    return new Pair(images, readLabels(labels));
  }

  private byte[] readLabels(IdxFile file) {
    byte[] labels = file.readAll();
    for (int i = 0; i < labels.length; i++) {
      int label = labels[i] & 0xff;
      if (label >= classes) {
        throw new EngineException(
            ErrorCode.INVALID_DATA,
            "%s item %d: expected a label below %d, found %d"
                .formatted(file.path(), i, classes, label));
      }
    }
    return labels;
  }

  private Path file(String kind) {
    if (!Files.isDirectory(folder)) {
      throw new EngineException(
          ErrorCode.NOT_FOUND, folder + " is not a folder: give the folder with the IDX files");
    }
    Path plain = folder.resolve(name + "-" + kind + "-ubyte");
    Path gzip = folder.resolve(plain.getFileName() + ".gz");
    return Files.notExists(plain) && Files.exists(gzip) ? gzip : plain;
  }

  private record Pair(IdxFile images, byte[] labels) {}

  private final class Reader implements SplitReader<T> {
    private final IdxFile.Items images;
    private final byte[] labels;
    private int next;
    private T current;

    private Reader(Pair pair, int next) {
      this.images = pair.images.items(next);
      this.labels = pair.labels;
      this.next = next;
    }

    @Override
    public boolean advance() {
      byte[] image = images.next();
      if (image == null) {
        return false;
      }
      current = maker.make(image, labels[next++] & 0xff);
      return true;
    }

    @Override
    public T current() {
      return current;
    }

    @Override
    public void close() {
      images.close();
    }
  }
}
