package io.tidemill.device.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/**
 * Copies shared libraries out of the class path into a folder from which they can be loaded.
 *
 * <p>The folder is named after what the libraries hold (checksum and length, as the jar states
 * them), so it is written once for each version; it is filled under another name and then renamed,
 * so whoever sees it sees it whole, and processes that start together do not disturb each other.
 */
final class NativeLibraries {
  private final String resources;
  private final List<String> files;

  /**
   * Libraries in a resource folder.
   *
   * @param resources folder on the class path, with a slash at its end
   */
  NativeLibraries(String resources, List<String> files) {
    this.resources = resources;
    this.files = List.copyOf(files);
  }

  /** The folder below {@code cache} with the libraries in it, made where it is missing. */
  Path extract(Path cache) throws IOException {
    Path folder = cache.resolve(fingerprint());
    if (isComplete(folder)) {
      return folder;
    }
    Files.createDirectories(cache);
    Path partial = Files.createTempDirectory(cache, "partial-");
    try {
      for (String file : files) {
        try (InputStream in = resource(file).openStream()) {
          Files.copy(in, partial.resolve(file));
        }
      }
      Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      delete(partial);
      if (!isComplete(folder)) {
        throw Files.exists(folder)
            ? new IOException(folder + " is incomplete: delete it and start again", e)
            : e;
      }
      // Another process was faster: its folder is as good as ours.
    }
    return folder;
  }

  private boolean isComplete(Path folder) throws IOException {
    for (String file : files) {
      Path path = folder.resolve(file);
      if (!Files.isRegularFile(path) || Files.size(path) != entry(file).bytes()) {
        return false;
      }
    }
    return true;
  }

  private String fingerprint() throws IOException {
    StringBuilder name = new StringBuilder();
    for (String file : files) {
      Entry entry = entry(file);
      name.append(name.isEmpty() ? "" : "-").append("%08x.%d".formatted(entry.crc, entry.bytes));
    }
    return name.toString();
  }

  private record Entry(long crc, long bytes) {}

  /** The checksum is in the directory of a jar; from a plain folder the file is read once. */
  private Entry entry(String file) throws IOException {
    URL url = resource(file);
    if (url.openConnection() instanceof JarURLConnection jar) {
      return new Entry(jar.getJarEntry().getCrc(), jar.getJarEntry().getSize());
    }
    CRC32 crc = new CRC32();
    try (CheckedInputStream in = new CheckedInputStream(url.openStream(), crc)) {
      long bytes = in.transferTo(OutputStream.nullOutputStream());
      return new Entry(crc.getValue(), bytes);
    }
  }

  private URL resource(String file) throws IOException {
    URL url = NativeLibraries.class.getClassLoader().getResource(resources + file);
    if (url == null) {
      throw new IOException("no " + resources + file + " on the class path");
    }
    return url;
  }

  /** Removes a folder of libraries; loaded ones stay loaded. */
  static void delete(Path folder) {
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.toList()) {
        Files.delete(path);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
