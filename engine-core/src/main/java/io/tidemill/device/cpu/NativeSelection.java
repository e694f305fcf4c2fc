package io.tidemill.device.cpu;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Chooses the primitives once for the process: oneDNN's, or the Vector API's and one warning. */
final class NativeSelection {
  /** Set to {@code off} to do without native code. */
  static final String NATIVE_PROPERTY = "tidemill.cpu.native";

  /** Where libraries are unpacked; by default below {@code ~/.cache}. */
  static final String CACHE_PROPERTY = "tidemill.cache";

  private static final System.Logger LOGGER = System.getLogger(NativeSelection.class.getName());
  private static final NativeLibraries LIBRARIES =
      new NativeLibraries(
          "org/bytedeco/dnnl/linux-x86_64/", List.of("libgomp.so.1", "libdnnl.so.3"));

  private NativeSelection() {}

  /** Loaded on first use, so that a process without a CPU device unpacks nothing. */
  private static final class Native {
    static final Primitives PRIMITIVES = load();
  }

  static Primitives primitives() {
    return "off".equals(System.getProperty(NATIVE_PROPERTY))
        ? fallback(NATIVE_PROPERTY + "=off")
        : Native.PRIMITIVES;
  }

  private static Primitives load() {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!platform.equals("Linux amd64")) {
      return fallback("there is no native library for " + platform);
    }
    try {
      return bind(LIBRARIES.extract(cache()));
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cache not usable: folder={0} reason={1}", cache(), e.toString());
      return loadWithoutCache();
    } catch (RuntimeException e) {
      return fallback("oneDNN cannot be loaded (" + e.getMessage() + ")");
    }
  }

  /** Through a temporary folder that only this user can write, gone once they are loaded. */
  private static Primitives loadWithoutCache() {
    try {
      Path folder = LIBRARIES.extract(Files.createTempDirectory("tidemill-native-"));
      try {
        return bind(folder);
      } finally {
        NativeLibraries.delete(folder);
        Files.delete(folder.getParent());
      }
    } catch (IOException | RuntimeException e) {
      return fallback("oneDNN cannot be loaded (" + e.getMessage() + ")");
    }
  }

  private static Primitives bind(Path folder) {
    // OpenMP first: oneDNN then finds it loaded already, under its name.
    SymbolLookup openMp = lookup(folder.resolve("libgomp.so.1"));
    return Primitives.of(new Dnnl(lookup(folder.resolve("libdnnl.so.3")), openMp));
  }

  private static SymbolLookup lookup(Path library) {
    return SymbolLookup.libraryLookup(library, Arena.global());
  }

  private static Path cache() {
    String own = System.getProperty(CACHE_PROPERTY);
    String shared = System.getenv("XDG_CACHE_HOME");
    Path folder =
        own != null
            ? Path.of(own)
            : (shared != null && !shared.isEmpty()
                    ? Path.of(shared)
                    : Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("tidemill");
    return folder.resolve("native");
  }

  private static Primitives fallback(String reason) {
    Primitives vector = Primitives.vector();
    LOGGER.log(
        Level.WARNING,
        "cpu device multiplies and convolves by the {0} alone, slower than by oneDNN: {1}",
        vector.description(),
        reason);
    return vector;
  }
}
