package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.MemorySegment;

/**
 * The sample log as it goes from the leading host to another: read there, written here, where the
 * ranks of this host read it. Confined to the thread of its mirror.
 */
final class HostLog {
  private final SampleLog log;
  private final int rowBytes;

  /** Bytes of rows that have come. */
  private long written;

  HostLog(SampleLog log, int rowBytes) {
    this.log = log;
    this.rowBytes = rowBytes;
  }

  /** Rows begin behind {@code files} files. */
  void begin(long files) {
    log.skip(files);
    written = log.length() * rowBytes;
  }

  /** Adds bytes of rows, of which the first is byte {@code at} of all. */
  void append(long at, long address, int bytes) {
    if (at != written) {
      throw new EngineException(
          ErrorCode.INTERNAL, "the sample log goes on at byte %d, not %d".formatted(written, at));
    }
    for (int done = 0; done < bytes; ) {
      long within = written % rowBytes;
      long more = Math.min(rowBytes - within, bytes - done);
      MemorySegment.copy(MirrorFrame.ALL, address + done, log.next(), within, more);
      written += more;
      done += (int) more;
      if (within + more == rowBytes) {
        log.append();
      }
    }
  }

  void seal() {
    log.seal();
  }

  void trim(long files) {
    log.trim(log.firstRow(files));
  }

  /** Reads it for one other host. */
  Reader reader() {
    return new Reader();
  }

  /** What one other host has of it. */
  final class Reader {
    private boolean hasBegun;
    private boolean isSealed;
    private long sent;
    private long trimmed;

    /** Sends some of what the host does not have; frames. */
    int send(Outgoing to, int most) {
      if (!hasBegun) {
        return begin(to) ? 1 : 0;
      }
      boolean ends = log.isSealed(); // before the length, which it makes final
      long bytes = log.length() * rowBytes;
      int frames = 0;
      while (frames < most && sent < bytes && sendRows(to, bytes)) {
        frames++;
      }
      if (ends && sent == bytes && !isSealed && to.sendEmpty(MirrorFrame.SEALED, 0)) {
        isSealed = true;
        frames++;
      }
      long files = log.trimmed();
      if (files > trimmed && to.sendEmpty(MirrorFrame.TRIMMED, files)) {
        trimmed = files;
        frames++;
      }
      return frames;
    }

    private boolean begin(Outgoing to) {
      long files = log.trimmed();
      hasBegun = to.sendEmpty(MirrorFrame.LOG, files);
      trimmed = files;
      sent = log.firstRow(files) * rowBytes;
      return hasBegun;
    }

    private boolean sendRows(Outgoing to, long end) {
      int bytes = (int) Math.min(to.mostPayload(), end - sent);
      long frame = to.claim(MirrorFrame.ROWS, sent, bytes);
      if (frame == 0) {
        return false;
      }
      for (int done = 0; done < bytes; ) {
        long at = sent + done;
        long within = at % rowBytes;
        long more = Math.min(rowBytes - within, bytes - done);
        MemorySegment.copy(
            log.row(at / rowBytes),
            within,
            MirrorFrame.ALL,
            frame + MirrorFrame.HEADER + done,
            more);
        done += (int) more;
      }
      to.commit();
      sent += bytes;
      return true;
    }
  }
}
