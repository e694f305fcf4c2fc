package io.tidemill.device.cpu.x86;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A vector register of eight floats.
 *
 * @param number 0 to 15
 */
public record Ymm(int number) implements Operand {
  /** Floats that a register holds. */
  public static final int FLOATS = 8;

  /** Bytes that a register holds. */
  public static final int BYTES = FLOATS * Float.BYTES;

  /** All of them, by number. */
  public static final List<Ymm> ALL = IntStream.range(0, 16).mapToObj(Ymm::new).toList();

  /** The register with a number. */
  public static Ymm of(int number) {
    return ALL.get(number);
  }
}
