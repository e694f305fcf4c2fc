package io.tidemill.device.cpu;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.memory.PageMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Floats outside the heap, 64-byte aligned: its own, zero at first, or somebody else's. */
final class CpuBuffer implements DeviceBuffer {
  private static final int ALIGNMENT = 64;

  private final long floats;
  private final Optional<Arena> own;
  private final MemorySegment memory;

  @SuppressWarnings("MustBeClosedChecker") // closed by close()
  CpuBuffer(long floats) {
    Arena arena = Arena.ofShared();
    this.floats = floats;
    this.own = Optional.of(arena);
    this.memory = PageMemory.allocate(Math.max(1, floats) * Float.BYTES, arena);
  }

  /** Over memory that its owner frees. */
  CpuBuffer(MemorySegment memory) {
    if (memory.address() % ALIGNMENT != 0) {
      throw new EngineException(
          ErrorCode.INTERNAL, "memory of a buffer has to begin at a multiple of " + ALIGNMENT);
    }
    this.floats = memory.byteSize() / Float.BYTES;
    this.own = Optional.empty();
    this.memory = memory;
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
    if (own.isPresent() && own.get().scope().isAlive()) {
      own.get().close();
    }
  }
}
