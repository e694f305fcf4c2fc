package io.tidemill.device.cpu;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceProvider;
import java.util.Optional;

/** Offers the CPU, which every machine has and which {@code auto} takes last. */
public final class CpuDeviceProvider implements DeviceProvider {
  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Device open() {
    return CpuDevice.open();
  }
}
