package io.tidemill.device.cpu;

import io.tidemill.device.cpu.x86.Ymm;
import java.util.ArrayDeque;
import java.util.Deque;

/** The vector registers that nothing is in; for one piece of code while it is written. */
final class Registers {
  private final Deque<Ymm> free = new ArrayDeque<>();

  /** Those with numbers below {@code count}. */
  Registers(int count) {
    free.addAll(Ymm.ALL.subList(0, count));
  }

  /** One that is free, until it is given back. */
  Ymm take() {
    return free.pop();
  }

  void give(Ymm... registers) {
    for (Ymm register : registers) {
      free.push(register);
    }
  }
}
