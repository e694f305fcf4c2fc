package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each parameter lies in the one flat float32 arena of a model.
 *
 * <p>Gradients and optimiser moments have the same layout, so a slice of the arena is the unit of
 * reducing and updating. Parameters keep the program's order; each starts at a multiple of {@link
 * #ALIGNMENT} floats, and the padding between them is zero and stays zero. Immutable.
 */
public final class ParameterLayout {
  /** 64 bytes: a cache line and an AVX-512 register. */
  public static final int ALIGNMENT = 16;

  /**
   * One parameter's place.
   *
   * @param offset first float in the arena
   * @param role what moves it
   */
  public record Entry(String name, Shape shape, long offset, ParameterRole role) {
    /** How many floats it has, without padding. */
    public long floats() {
      return shape.elements();
    }

    /** Whether the optimiser moves it, whole or by row. */
    public boolean isTrained() {
      return role.isTrained();
    }
  }

  private final List<Entry> entries;
  private final Map<String, Entry> byName = new LinkedHashMap<>();
  private final long floats;

  private ParameterLayout(List<Entry> entries, long floats) {
    this.entries = List.copyOf(entries);
    this.floats = floats;
    entries.forEach(entry -> byName.put(entry.name(), entry));
  }

  static ParameterLayout of(List<Value.Parameter> parameters) {
    List<Entry> entries = new ArrayList<>();
    long offset = 0;
    for (Value.Parameter parameter : parameters) {
      entries.add(new Entry(parameter.name(), parameter.shape(), offset, parameter.role()));
      offset += align(parameter.shape().elements());
    }
    return new ParameterLayout(entries, offset);
  }

  public List<Entry> entries() {
    return entries;
  }

  /** The place of this parameter; an unknown name is an error that lists the known ones. */
  public Entry entry(String name) {
    Entry entry = byName.get(name);
    if (entry == null) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "no parameter " + name + " in the layout: it has " + byName.keySet());
    }
    return entry;
  }

  /** Floats of the whole arena, padding included: a multiple of {@link #ALIGNMENT}. */
  public long floats() {
    return floats;
  }

  /** Floats that the optimiser moves, without padding: what users call the parameter count. */
  public long trainableFloats() {
    return entries.stream().filter(Entry::isTrained).mapToLong(Entry::floats).sum();
  }

  private static long align(long floats) {
    return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ParameterLayout layout && entries.equals(layout.entries);
  }

  @Override
  public int hashCode() {
    return entries.hashCode();
  }

  @Override
  public String toString() {
    return "ParameterLayout" + entries;
  }
}
