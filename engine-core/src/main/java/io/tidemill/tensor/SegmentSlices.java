package io.tidemill.tensor;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Walks the bytes of a tensor a megabyte at a time; heap arrays that are no bytes are copied. */
final class SegmentSlices {
  private static final long SLICE_BYTES = 1 << 20;

  /** Takes the bytes from position to limit. */
  interface Sink {
    void accept(ByteBuffer bytes) throws IOException;
  }

  private SegmentSlices() {}

  static void forEach(MemorySegment data, Sink sink) throws IOException {
    byte[] scratch =
        data.isNative() ? new byte[0] : new byte[(int) Math.min(SLICE_BYTES, data.byteSize())];
    for (long at = 0; at < data.byteSize(); at += SLICE_BYTES) {
      MemorySegment slice = data.asSlice(at, Math.min(SLICE_BYTES, data.byteSize() - at));
      if (!data.isNative()) {
        slice = MemorySegment.ofArray(scratch).asSlice(0, slice.byteSize()).copyFrom(slice);
      }
      sink.accept(slice.asByteBuffer());
    }
  }
}
