package io.tidemill.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.cpu.CpuDeviceProvider;
import io.tidemill.error.EngineException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class DevicesTest {

  @Test
  void opensTheCpuByItsKind() {
    try (Device device = Devices.open("cpu")) {
      assertTrue(device.description().startsWith("cpu ("), device.description());
    }
  }

  @Test
  void refusesCudaWhereNoProviderIsInstalled() {
    EngineException refusal = assertThrows(EngineException.class, () -> Devices.open("cuda"));

    assertEquals(
        "device=cuda: no such device is installed; choose auto or cpu", refusal.getMessage());
    assertTrue(refusal.code().isInput());
  }

  @Test
  void autoPassesOverWhatThisMachineCannotRun() {
    DeviceProvider broken = provider("cuda", Optional.of("there is no driver"));
    DeviceProvider cpu = new CpuDeviceProvider();

    try (Device device = Devices.open("auto", List.of(broken, cpu))) {
      assertTrue(device.description().startsWith("cpu ("));
    }
  }

  @Test
  void saysWhyANamedDeviceCannotRun() {
    DeviceProvider broken = provider("cuda", Optional.of("there is no driver"));

    EngineException refusal =
        assertThrows(EngineException.class, () -> Devices.open("cuda", List.of(broken)));

    assertEquals("device=cuda: there is no driver; choose auto or cuda", refusal.getMessage());
  }

  private static DeviceProvider provider(String kind, Optional<String> unavailable) {
    return new DeviceProvider() {
      @Override
      public String kind() {
        return kind;
      }

      @Override
      public int preference() {
        return 10;
      }

      @Override
      public Optional<String> unavailable() {
        return unavailable;
      }

      @Override
      public Device open() {
        throw new AssertionError("opened although it is unavailable");
      }
    };
  }
}
