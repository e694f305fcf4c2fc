package io.tidemill.transport.aeron;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;

/**
 * How a process runs its media driver. The figures behind the defaults: DESIGN §9, {@code bench
 * allreduce}.
 *
 * @param directory the driver's files, on a file system in memory; of this process alone, and what
 *     a killed process left there is removed
 * @param threading who runs the driver
 * @param mtuBytes largest datagram, and largest frame between processes of a host; what the network
 *     carries in one piece: 1,408, or 8,960 with jumbo frames; 65,504 over loopback
 * @param termBytes a third of the buffer of each stream, a power of two; at least twice the window
 *     and eight times the mtu
 * @param windowBytes how much a receiver lets a sender be ahead; no more than its socket buffer
 * @param socketBytes of the system's buffers; the system may allow less
 */
public record AeronSettings(
    Path directory,
    Threading threading,
    int mtuBytes,
    int termBytes,
    int windowBytes,
    int socketBytes) {
  /** Bytes of a frame that are Aeron's. */
  private static final int HEADER_BYTES = 32;

  private static final int SMALLEST_TERM_BYTES = 64 * 1024;

  /** Who runs the media driver. */
  public enum Threading {
    /** The thread that polls, between its own work: fewest wake-ups where cores are few. */
    POLLER,
    /** A thread of its own: data moves on while the process computes. */
    OWN
  }

  public AeronSettings {
    require(
        mtuBytes > 2 * HEADER_BYTES && mtuBytes <= 65_504 && mtuBytes % HEADER_BYTES == 0,
        "mtu",
        "a multiple of 32 up to 65504",
        mtuBytes);
    require(
        Integer.bitCount(termBytes) == 1 && termBytes >= SMALLEST_TERM_BYTES,
        "term",
        "a power of two from 65536",
        termBytes);
    require(
        mtuBytes <= termBytes / 8, "mtu", "at most an eighth of the term, " + termBytes, mtuBytes);
    require(
        windowBytes >= mtuBytes && windowBytes <= termBytes / 2,
        "window",
        "from the mtu to half a term",
        windowBytes);
    require(socketBytes >= windowBytes, "socket buffer", "at least the window", socketBytes);
  }

  /** For processes of one host: frames of 64 KiB. */
  public static AeronSettings ofHost(Path directory) {
    return new AeronSettings(directory, Threading.POLLER, 65_504, 4 << 20, 2 << 20, 4 << 20);
  }

  /** For a network of 1,500-byte packets. */
  public static AeronSettings ofNetwork(Path directory) {
    return ofHost(directory).withMtuBytes(1408);
  }

  public AeronSettings withThreading(Threading other) {
    return new AeronSettings(directory, other, mtuBytes, termBytes, windowBytes, socketBytes);
  }

  public AeronSettings withMtuBytes(int other) {
    return new AeronSettings(directory, threading, other, termBytes, windowBytes, socketBytes);
  }

  /** What of a frame is left for us. */
  public int payloadBytes() {
    return mtuBytes - HEADER_BYTES;
  }

  private static void require(boolean holds, String what, String expected, int found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "aeron %s: expected %s, found %d bytes".formatted(what, expected, found));
    }
  }
}
