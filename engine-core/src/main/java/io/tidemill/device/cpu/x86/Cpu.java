package io.tidemill.device.cpu.x86;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the processor can do, by its own word (CPUID, and XGETBV for what the system saves of it).
 *
 * @param avx2 whether {@link Assembler}'s instructions run here: AVX2 and FMA
 * @param avx512 whether it has registers of 16 floats, AVX-512F
 */
public record Cpu(boolean avx2, boolean avx512) {
  private static final int FMA = 1 << 12;
  private static final int OSXSAVE = 1 << 27;
  private static final int AVX2 = 1 << 5;
  private static final int AVX512F = 1 << 16;
  private static final int YMM_STATE = 0b110;
  private static final int ZMM_STATE = 0b1110_0110;

  /** This one; has nothing where it is no x86-64, or where code that was written cannot be run. */
  public static Cpu current() {
    return Current.CPU;
  }

  private static final class Current {
    static final Cpu CPU = ask();
  }

  private static Cpu ask() {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!platform.equals("Linux amd64")) {
      return new Cpu(false, false);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(3L * Integer.BYTES, Integer.BYTES);
      Assembler assembler = new Assembler();
      assembler.identify();
      MachineCode.of(assembler)
          .call(
              answer,
              MemorySegment.NULL,
              MemorySegment.NULL,
              MemorySegment.NULL,
              MemorySegment.NULL,
              0,
              0);
      return of(
          answer.getAtIndex(JAVA_INT, 0),
          answer.getAtIndex(JAVA_INT, 1),
          answer.getAtIndex(JAVA_INT, 2));
    } catch (UnsupportedOperationException e) {
      return new Cpu(false, false);
    }
  }

  /**
   * From ECX of leaf 1, EBX of leaf 7 and the lower half of XCR0, the latter 0 where there is none.
   */
  static Cpu of(int features, int extendedFeatures, int savedState) {
    boolean savesYmm = (features & OSXSAVE) != 0 && (savedState & YMM_STATE) == YMM_STATE;
    boolean savesZmm = savesYmm && (savedState & ZMM_STATE) == ZMM_STATE;
    boolean avx2 = savesYmm && (features & FMA) != 0 && (extendedFeatures & AVX2) != 0;
    return new Cpu(avx2, avx2 && savesZmm && (extendedFeatures & AVX512F) != 0);
  }
}
