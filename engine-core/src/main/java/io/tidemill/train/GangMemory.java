package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The memory of a gang: that of one process, or one that all processes of the gang have mapped.
 *
 * @param control everything but floats, see {@link GangLayout}
 * @param gradients of each shard
 * @param parameters of all ranks
 * @param moments each for all ranks: a rank uses its slice
 * @param runs the values of each run of a shard that is cut
 * @param own what of it is to be freed with it
 */
record GangMemory(
    MemorySegment control,
    List<DeviceBuffer> gradients,
    DeviceBuffer parameters,
    List<DeviceBuffer> moments,
    List<MemorySegment> runs,
    Optional<Arena> own)
    implements AutoCloseable {

  /** Of this process alone, on any device; zero. */
  @SuppressWarnings("MustBeClosedChecker") // closed with this memory
  static GangMemory ofProcess(GangLayout layout, Device device) {
    Arena arena = Arena.ofShared();
    return new GangMemory(
        arena.allocate(layout.controlBytes(), GangLayout.LINE),
        allocate(device, layout.shards(), layout),
        device.allocate(layout.arenaFloats()),
        allocate(device, layout.moments(), layout),
        IntStream.range(0, layout.runs())
            .mapToObj(_ -> arena.allocate(layout.runBytes(), GangLayout.LINE))
            .toList(),
        Optional.of(arena));
  }

  /** Over memory that somebody else frees; on a device that computes in host memory. */
  static GangMemory over(MemorySegment memory, GangLayout layout, Device device) {
    return new GangMemory(
        memory.asSlice(0, layout.controlBytes()),
        wrap(device, memory, layout, layout.shards(), layout::gradients),
        wrap(device, memory, layout, 1, _ -> layout.parameters()).getFirst(),
        wrap(device, memory, layout, layout.moments(), layout::moment),
        IntStream.range(0, layout.runs())
            .mapToObj(run -> memory.asSlice(layout.run(run), layout.runBytes()))
            .toList(),
        Optional.empty());
  }

  @Override
  public void close() {
    parameters.close();
    Stream.of(gradients, moments).flatMap(List::stream).forEach(DeviceBuffer::close);
    if (own.isPresent() && own.get().scope().isAlive()) {
      own.get().close();
    }
  }

  private static List<DeviceBuffer> allocate(Device device, int count, GangLayout layout) {
    return IntStream.range(0, count).mapToObj(_ -> device.allocate(layout.arenaFloats())).toList();
  }

  private static List<DeviceBuffer> wrap(
      Device device, MemorySegment memory, GangLayout layout, int count, IntToLongFunction offset) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                device.wrap(
                    memory.asSlice(offset.applyAsLong(i), layout.arenaFloats() * Float.BYTES)))
        .toList();
  }
}
