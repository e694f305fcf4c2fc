package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorMask;

/**
 * What training does to ranges of an arena beside the optimiser's update. Each element goes through
 * the same operations wherever the range begins.
 */
final class ArenaKernels {
  private ArenaKernels() {}

  static void clear(MemorySegment memory, long from, long floats) {
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      Lanes.store(Lanes.broadcast(0), memory, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.broadcast(0), memory, end, tail);
    }
  }

  static void scale(MemorySegment memory, float factor, long from, long floats) {
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      Lanes.store(Lanes.load(memory, i).mul(factor), memory, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.load(memory, end, tail).mul(factor), memory, end, tail);
    }
  }

  static void average(
      MemorySegment averages, MemorySegment news, float momentum, long from, long floats) {
    float rest = 1 - momentum;
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      Lanes.store(
          Lanes.load(averages, i).fma(Lanes.broadcast(momentum), Lanes.load(news, i).mul(rest)),
          averages,
          i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      averageTail(averages, news, momentum, end, tail);
    }
  }

  private static void averageTail(
      MemorySegment averages, MemorySegment news, float momentum, long at, VectorMask<Float> tail) {
    Lanes.store(
        Lanes.load(averages, at, tail)
            .fma(Lanes.broadcast(momentum), Lanes.load(news, at, tail).mul(1 - momentum)),
        averages,
        at,
        tail);
  }
}
