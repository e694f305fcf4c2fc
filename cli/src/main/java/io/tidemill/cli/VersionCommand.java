package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.release.Release;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code tidemill version}: the release and what it runs on, in one line. */
@Command(description = "Print the release, the Java, the machine, the device.")
final class VersionCommand implements Runnable {
  private final Console console;

  VersionCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (Device device = Devices.open("auto")) {
      console
          .out()
          .printf(
              "tidemill %s (java %s, %s/%s, %s)%n",
              Release.version(),
              System.getProperty("java.version"),
              System.getProperty("os.name").toLowerCase(Locale.ROOT),
              System.getProperty("os.arch"),
              device.description());
    }
  }
}
