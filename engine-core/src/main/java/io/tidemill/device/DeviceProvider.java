package io.tidemill.device;

import java.util.Optional;

/** Makes one kind of device; found by {@link java.util.ServiceLoader}. */
public interface DeviceProvider {

  /** The kind that users name, for example {@code cpu}. */
  String kind();

  /** Which provider {@code auto} asks first: the higher. */
  int preference();

  /** Why this machine cannot run it, in words that end a sentence; empty where it can. */
  Optional<String> unavailable();

  /** Opens the device; only called where it is available. */
  Device open();
}
