package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A oneDNN primitive and its arguments, for one thread at a time; gone when its arena closes.
 *
 * <p>A run allocates nothing: the list of arguments is made once, and only the addresses in it
 * change.
 */
final class DnnlPrimitive {
  /** What an argument is: {@code DNNL_ARG_*}. */
  static final int SOURCE = 1;

  static final int RESULT = 17;
  static final int WEIGHTS = 33;
  static final int SOURCE_GRADIENT = 129;
  static final int RESULT_GRADIENT = 145;
  static final int WEIGHTS_GRADIENT = 161;

  /** What an epilogue adds: the second operand of the second operation after the product. */
  static final int ADDED = 2 * 32768 | 2;

  private static final int SCRATCHPAD = 80;

  /** {@code dnnl_exec_arg_t}: int argument, 4 bytes of padding, pointer to memory. */
  private static final long ARGUMENT_BYTES = 16;

  private static final long MEMORY_AT = 8;
  private static final int ALIGNMENT = 64;

  private final Dnnl dnnl;
  private final String name;
  private final long primitive;
  private final long stream;
  private final MemorySegment list;
  private final long[] memories;

  /**
   * A primitive of a descriptor.
   *
   * @param name what it computes, for error sentences
   * @param arguments in the order of {@link #run}
   */
  DnnlPrimitive(Dnnl dnnl, String name, long descriptor, Arena owner, int... arguments) {
    this.dnnl = dnnl;
    this.name = name;
    this.primitive = dnnl.primitive(owner, descriptor);
    this.stream = dnnl.stream(owner);
    this.memories = new long[arguments.length + 1];
    this.list = owner.allocate(memories.length * ARGUMENT_BYTES, ALIGNMENT);
    for (int i = 0; i < arguments.length; i++) {
      long format = dnnl.formatOf(descriptor, arguments[i]);
      add(i, arguments[i], dnnl.memory(owner, format, MemorySegment.NULL));
    }
    long scratchpad = dnnl.formatOf(descriptor, SCRATCHPAD);
    MemorySegment scratch = owner.allocate(dnnl.bytes(scratchpad), ALIGNMENT);
    add(arguments.length, SCRATCHPAD, dnnl.memory(owner, scratchpad, scratch));
  }

  private void add(int index, int argument, long memory) {
    memories[index] = memory;
    list.set(JAVA_INT, index * ARGUMENT_BYTES, argument);
    list.set(JAVA_LONG, index * ARGUMENT_BYTES + MEMORY_AT, memory);
  }

  /** Gives an argument, counted from 0, the memory that it has in all runs. */
  void set(int argument, MemorySegment memory) {
    dnnl.setData(memories[argument], memory);
  }

  /** Runs with these as the first arguments; others are those that were {@link #set}. */
  void run(MemorySegment first, MemorySegment second) {
    dnnl.setData(memories[0], first);
    dnnl.setData(memories[1], second);
    dnnl.execute(primitive, stream, memories.length, list, name);
  }

  void run(MemorySegment first, MemorySegment second, MemorySegment third) {
    dnnl.setData(memories[2], third);
    run(first, second);
  }

  /** The same with addresses of memory that lives: a view of a segment would be an object a run. */
  void run(long first, long second, long third) {
    dnnl.setData(memories[0], first);
    dnnl.setData(memories[1], second);
    dnnl.setData(memories[2], third);
    dnnl.execute(primitive, stream, memories.length, list, name);
  }
}
