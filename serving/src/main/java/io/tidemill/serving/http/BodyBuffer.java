package io.tidemill.serving.http;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;

/** The parts of a body as they arrive, forgotten once they are too many. Confined to one stream. */
final class BodyBuffer {
  private final long maxBytes;
  private final Caller caller;
  private final List<ByteString> parts = new ArrayList<>();
  private long bytes;

  BodyBuffer(long maxBytes, Caller caller) {
    this.maxBytes = maxBytes;
    this.caller = caller;
  }

  BodyBuffer append(ByteString part) {
    bytes += part.size();
    if (bytes <= maxBytes) {
      caller.holds(part.size());
      parts.add(part);
      return this;
    }
    parts.clear();
    if (bytes > maxBytes + BodyReader.DROPPED_BYTES) {
      throw BodyReader.tooLong(maxBytes);
    }
    return this;
  }

  byte[] toArray() {
    if (bytes > maxBytes) {
      throw BodyReader.tooLong(maxBytes);
    }
    byte[] whole = new byte[Math.toIntExact(bytes)];
    int position = 0;
    for (ByteString part : parts) {
      part.copyToArray(whole, position, part.size());
      position += part.size();
    }
    return whole;
  }
}
