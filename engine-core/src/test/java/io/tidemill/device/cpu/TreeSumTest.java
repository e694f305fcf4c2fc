package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import io.tidemill.error.EngineException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TreeSumTest {
  private static final int FLOATS = 5003;
  private static final Device DEVICE = CpuDevice.open();
  private static final float[][] TERMS = new float[13][];

  static {
    Arrays.setAll(TERMS, term -> DeterminismTest.random(FLOATS, term));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 13})
  void addsByTheTreeThatSplitsAtThePowerOfTwo(int terms) {
    List<DeviceBuffer> buffers = buffers(terms);
    float[] expected = new float[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
      expected[i] = tree(0, terms, i);
    }

    DEVICE.treeSum(SumTree.of(buffers), buffers.getFirst(), 0, FLOATS);

    assertArrayEquals(
        DeterminismTest.bits(expected), DeterminismTest.bits(read(buffers.getFirst())));
  }

  @Test
  void sumsOfAlignedSubTreesGiveTheSameBits() {
    List<DeviceBuffer> buffers = buffers(7);
    DeviceBuffer whole = DEVICE.allocate(FLOATS);
    DeviceBuffer left = DEVICE.allocate(FLOATS);
    DeviceBuffer right = DEVICE.allocate(FLOATS);
    DeviceBuffer both = DEVICE.allocate(FLOATS);

    DEVICE.treeSum(SumTree.of(buffers), whole, 0, FLOATS);
    DEVICE.treeSum(SumTree.of(buffers.subList(0, 4)), left, 0, FLOATS);
    DEVICE.treeSum(SumTree.of(buffers.subList(4, 7)), right, 0, FLOATS);
    DEVICE.treeSum(SumTree.of(List.of(left, right)), both, 0, FLOATS);

    assertArrayEquals(DeterminismTest.bits(read(whole)), DeterminismTest.bits(read(both)));
  }

  @Test
  void leavesWhatIsOutsideTheRange() {
    List<DeviceBuffer> buffers = buffers(3);
    DeviceBuffer out = DEVICE.allocate(FLOATS);

    DEVICE.treeSum(SumTree.of(buffers), out, 100, 103);

    float[] expected = new float[FLOATS];
    for (int i = 100; i < 103; i++) {
      expected[i] = tree(0, 3, i);
    }
    assertArrayEquals(expected, read(out));
  }

  @Test
  void refusesToOverwriteALaterTerm() {
    List<DeviceBuffer> buffers = buffers(3);

    assertThrows(
        EngineException.class,
        () -> DEVICE.treeSum(SumTree.of(buffers), buffers.get(1), 0, FLOATS));
  }

  @Test
  void refusesARangeOutsideTheBuffer() {
    List<DeviceBuffer> buffers = buffers(2);

    assertThrows(
        EngineException.class,
        () -> DEVICE.treeSum(SumTree.of(buffers), buffers.getFirst(), 0, FLOATS + 1));
  }

  private static float tree(int low, int high, int i) {
    if (high - low == 1) {
      return TERMS[low][i];
    }
    int left = 1;
    while (left * 2 < high - low) {
      left *= 2;
    }
    return tree(low, low + left, i) + tree(low + left, high, i);
  }

  private static List<DeviceBuffer> buffers(int terms) {
    List<DeviceBuffer> buffers = new ArrayList<>();
    for (int term = 0; term < terms; term++) {
      DeviceBuffer buffer = DEVICE.allocate(FLOATS);
      buffer.write(0, MemorySegment.ofArray(TERMS[term]));
      buffers.add(buffer);
    }
    return buffers;
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[FLOATS];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }
}
