package io.tidemill.device.cpu.x86;

import java.util.ArrayList;
import java.util.List;

/** A place in the code that jumps go to; made and placed by one {@link Assembler}. */
public final class Label {
  private static final int NOWHERE = -1;

  private final List<Integer> jumps = new ArrayList<>();
  private int position = NOWHERE;

  Label() {}

  boolean isPlaced() {
    return position != NOWHERE;
  }

  int position() {
    return position;
  }

  void place(int at) {
    position = at;
  }

  /** Where the distances to it stand, which are written once it is placed. */
  List<Integer> jumps() {
    return jumps;
  }
}
