package io.tidemill.state;

/**
 * What one declared state of an operator is called and holds.
 *
 * @param name unique in its store
 * @param kind how it is reached
 * @param schema the codec's schema; a snapshot with another one is refused
 */
public record StateDescriptor(String name, Kind kind, String schema) {
  /** How a state is reached. */
  public enum Kind {
    /** {@link ValueState}. */
    VALUE,
    /** {@link ListState}. */
    LIST,
    /** {@link MapState}. */
    MAP
  }

  @Override
  public String toString() {
    return kind + " of " + schema;
  }
}
