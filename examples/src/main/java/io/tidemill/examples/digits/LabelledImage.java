package io.tidemill.examples.digits;

/**
 * A grey image and the class that it belongs to.
 *
 * @param pixels row-major, one unsigned byte each, 0 is paper and 255 is ink; not to be changed
 * @param label the class, counted from 0
 */
@SuppressWarnings("ArrayRecordComponent") // 784 bytes as they lie in the file; never compared
public record LabelledImage(byte[] pixels, int label) {}
