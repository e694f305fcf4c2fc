package io.tidemill.serving.access;

/** Who may use a route. */
public enum Scope {
  /** Everybody: probes, and what a server says of itself. */
  PUBLIC,
  /** Whoever may ask models. */
  INFER,
  /** Whoever may change what is served, or run programs. */
  ADMIN
}
