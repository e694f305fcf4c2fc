package io.tidemill.examples.digits;

import io.tidemill.connector.Source;
import io.tidemill.connector.idx.IdxSource;
import java.nio.file.Path;

/**
 * A grey image of a digit.
 *
 * @param pixels row-major, one unsigned byte each, 0 is paper and 255 is ink; not to be changed
 * @param label the digit, 0 to 9
 */
@SuppressWarnings("ArrayRecordComponent") // 784 bytes as they lie in the file; never compared
public record LabelledImage(byte[] pixels, int label) {
  /** Pixels on a side. */
  public static final int SIDE = 28;

  /** Digits. */
  public static final int CLASSES = 10;

  /**
   * The images of a folder with IDX files, plain or gzip.
   *
   * @param name {@code train} or {@code t10k}
   */
  public static Source<LabelledImage> idx(Path folder, String name) {
    return IdxSource.of(
        LabelledImage.class, folder, name, SIDE * SIDE, CLASSES, LabelledImage::new);
  }
}
