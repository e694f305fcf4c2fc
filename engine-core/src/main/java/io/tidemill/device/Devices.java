package io.tidemill.device;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Opens devices by the kind that users name: {@code auto}, {@code cpu}, {@code cuda}. */
public final class Devices {
  private Devices() {}

  /** Opens a device; {@code auto} takes the best that this machine can run. */
  public static Device open(String kind) {
    return open(
        kind,
        ServiceLoader.load(DeviceProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .sorted(Comparator.comparingInt(DeviceProvider::preference).reversed())
            .toList());
  }

  static Device open(String kind, List<DeviceProvider> best) {
    if (kind.equals("auto")) {
      return best.stream()
          .filter(provider -> provider.unavailable().isEmpty())
          .findFirst()
          .orElseThrow(() -> refused(kind, "no device is available", best))
          .open();
    }
    DeviceProvider named =
        best.stream()
            .filter(provider -> provider.kind().equals(kind))
            .findFirst()
            .orElseThrow(() -> refused(kind, "no such device is installed", best));
    named
        .unavailable()
        .ifPresent(
            reason -> {
              throw refused(kind, reason, best);
            });
    return named.open();
  }

  private static EngineException refused(String kind, String why, List<DeviceProvider> best) {
    String kinds = best.stream().map(DeviceProvider::kind).collect(Collectors.joining(" or "));
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT, "device=" + kind + ": " + why + "; choose auto or " + kinds);
  }
}
