package io.tidemill.device.cpu;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Floats outside the heap, 64-byte aligned, zero at first. */
final class CpuBuffer implements DeviceBuffer {
  private static final int ALIGNMENT = 64;

  private final long floats;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  CpuBuffer(long floats) {
    this.floats = floats;
    this.memory = arena.allocate(Math.max(1, floats) * Float.BYTES, ALIGNMENT);
  }

  /** The device's view of a buffer that a caller hands in. */
  static CpuBuffer of(DeviceBuffer buffer) {
    if (buffer instanceof CpuBuffer own) {
      return own;
    }
    throw new EngineException(
        ErrorCode.INTERNAL,
        "the cpu device was given a buffer of another device: " + buffer.getClass().getName());
  }

  MemorySegment memory() {
    return memory;
  }

  @Override
  public long floats() {
    return floats;
  }

  @Override
  public void read(long from, MemorySegment to) {
    MemorySegment.copy(memory, from * Float.BYTES, to, 0, to.byteSize());
  }

  @Override
  public void write(long from, MemorySegment source) {
    MemorySegment.copy(source, 0, memory, from * Float.BYTES, source.byteSize());
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
