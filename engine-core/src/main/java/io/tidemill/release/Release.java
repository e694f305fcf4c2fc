package io.tidemill.release;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which release of tidemill this is; the build writes it, from the root pom. */
public final class Release {
  private static final String VERSION = read();

  private Release() {}

  /** The release, as manifests, models and {@code tidemill version} name it: {@code 0.1.0}. */
  public static String version() {
    return VERSION;
  }

  private static String read() {
    Properties properties = new Properties();
    try (InputStream in = Release.class.getResourceAsStream("release.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("release.properties cannot be read", e);
    }
    return properties.getProperty("version");
  }
}
