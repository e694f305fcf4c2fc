package io.tidemill.device.cpu;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Chooses the matrix product once for the process: oneDNN, or the Vector API and one warning. */
final class GemmSelection {
  /** Set to {@code off} to do without native code. */
  static final String NATIVE_PROPERTY = "tidemill.cpu.native";

  /** Where libraries are unpacked; by default below {@code ~/.cache}. */
  static final String CACHE_PROPERTY = "tidemill.cache";

  private static final System.Logger LOGGER = System.getLogger(GemmSelection.class.getName());
  private static final NativeLibraries LIBRARIES =
      new NativeLibraries(
          "org/bytedeco/dnnl/linux-x86_64/", List.of("libgomp.so.1", "libdnnl.so.3"));

  private GemmSelection() {}

  /** Loaded on first use, so that a process without a CPU device unpacks nothing. */
  private static final class Native {
    static final Gemm GEMM = load();
  }

  static Gemm gemm() {
    return "off".equals(System.getProperty(NATIVE_PROPERTY))
        ? fallback(NATIVE_PROPERTY + "=off")
        : Native.GEMM;
  }

  private static Gemm load() {
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
  private static Gemm loadWithoutCache() {
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

  private static Gemm bind(Path folder) {
    // OpenMP first: oneDNN then finds it loaded already, under its name.
    SymbolLookup openMp = lookup(folder.resolve("libgomp.so.1"));
    return DnnlGemm.bind(lookup(folder.resolve("libdnnl.so.3")), openMp);
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

  private static Gemm fallback(String reason) {
    Gemm gemm = new VectorGemm();
    LOGGER.log(
        Level.WARNING,
        "cpu device multiplies matrices by the {0} alone, slower than by oneDNN: {1}",
        gemm.description(),
        reason);
    return gemm;
  }
}
