package io.tidemill.train;

import io.tidemill.storage.FileContent;
import io.tidemill.tensor.TensorImage;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Memory of a copy that is taken while a training stands and written while it goes on: used again
 * once it is written, for fresh memory is zeroed and faulted in page by page.
 *
 * <p>One thread takes copies, any thread writes them. A copy that is not written, because its
 * checkpoint was given up, keeps its memory to itself, and the next has new memory.
 */
final class CopyMemory {
  private final Supplier<TensorImage> allocator;
  private final AtomicReference<TensorImage> spare = new AtomicReference<>();

  CopyMemory(Supplier<TensorImage> allocator) {
    this.allocator = allocator;
  }

  /** Memory that is the caller's; what is in it is left from another copy. */
  TensorImage take() {
    TensorImage written = spare.getAndSet(null);
    return written == null ? allocator.get() : written;
  }

  /** The file of a copy that nobody uses any more once it is written. */
  FileContent file(TensorImage copy, Map<String, String> metadata) {
    return new FileContent() {
      @Override
      public void writeTo(WritableByteChannel channel) throws IOException {
        copy.writeTo(channel, metadata);
        spare.set(copy);
      }

      @Override
      public boolean isOfPages() {
        return true;
      }
    };
  }
}
