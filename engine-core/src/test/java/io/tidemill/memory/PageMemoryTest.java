package io.tidemill.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageMemoryTest {
  private static final Path MAPS = Path.of("/proc/self/maps");

  @ParameterizedTest
  @ValueSource(longs = {4, PageMemory.HUGE - 4, PageMemory.HUGE, 3 * PageMemory.HUGE + 4})
  void memoryIsZeroAlignedAndWritableToItsEnd(long bytes) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = PageMemory.allocate(bytes, arena);

      assertEquals(bytes, memory.byteSize());
      assertEquals(0, memory.address() % 64);
      assertEquals(-1, memory.mismatch(arena.allocate(bytes)));
      memory.set(ValueLayout.JAVA_INT, bytes - Integer.BYTES, 7);
      assertEquals(7, memory.get(ValueLayout.JAVA_INT, bytes - Integer.BYTES));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {PageMemory.HUGE, 40 * PageMemory.HUGE + 4})
  void largeMemoryGoesBackToTheSystemWithItsArena(long bytes) throws IOException {
    assumeTrue(Files.exists(MAPS), "only Linux says what is mapped");
    long address;
    try (Arena arena = Arena.ofShared()) {
      address = PageMemory.allocate(bytes, arena).address();
      assertTrue(isMapped(address));
      assertEquals(0, address % PageMemory.HUGE);
    }
    assertFalse(isMapped(address));
  }

  private static boolean isMapped(long address) throws IOException {
    return Files.readAllLines(MAPS).stream()
        .map(line -> line.substring(0, line.indexOf(' ')))
        .anyMatch(
            range -> {
              int dash = range.indexOf('-');
              return Long.parseUnsignedLong(range.substring(0, dash), 16) <= address
                  && address < Long.parseUnsignedLong(range.substring(dash + 1), 16);
            });
  }
}
