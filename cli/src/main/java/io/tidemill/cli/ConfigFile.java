package io.tidemill.cli;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** Options of a command in a file, {@code name=value} a line, as {@code --config FILE}. */
final class ConfigFile {
  private static final String OPTION = "--config";

  private ConfigFile() {}

  /** The words of a command, with those of its file behind them that it does not give itself. */
  static String[] expand(String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    int at = all.indexOf(OPTION);
    if (at >= 0 && at + 1 < all.size()) {
      Properties properties = read(Path.of(all.get(at + 1)));
      for (String name : properties.stringPropertyNames().stream().sorted().toList()) {
        String option = "--" + name;
        boolean isGiven =
            all.stream().anyMatch(word -> word.equals(option) || word.startsWith(option + "="));
        if (!isGiven) {
          all.add(option + "=" + properties.getProperty(name));
        }
      }
    }
    return all.toArray(String[]::new);
  }

  private static Properties read(Path file) {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
      return properties;
    } catch (IOException | IllegalArgumentException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--config " + file + " cannot be read: " + e, e);
    }
  }
}
