package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeLibrariesTest {
  private static final NativeLibraries LIBRARIES =
      new NativeLibraries("org/bytedeco/dnnl/linux-x86_64/", List.of("libgomp.so.1"));

  @TempDir private Path cache;

  @Test
  void unpacksOnceForAllWhoStartTogether() throws Exception {
    List<Future<Path>> folders = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        folders.add(threads.submit(() -> LIBRARIES.extract(cache)));
      }
    }

    for (Future<Path> folder : folders) {
      assertEquals(folders.getFirst().get(), folder.get());
    }
    assertTrue(Files.size(folders.getFirst().get().resolve("libgomp.so.1")) > 100_000);
    try (Stream<Path> left = Files.list(cache)) {
      assertEquals(1, left.count(), "partial folders left behind");
    }
  }

  @Test
  void doesNotUnpackAgain() throws Exception {
    Path library = LIBRARIES.extract(cache).resolve("libgomp.so.1");
    Object first = Files.getLastModifiedTime(library);

    LIBRARIES.extract(cache);

    assertEquals(first, Files.getLastModifiedTime(library));
  }

  @Test
  void saysWhatToDoAboutATruncatedLibrary() throws Exception {
    Path folder = LIBRARIES.extract(cache);
    Files.write(folder.resolve("libgomp.so.1"), new byte[10]);

    IOException refusal = assertThrows(IOException.class, () -> LIBRARIES.extract(cache));

    assertEquals(folder + " is incomplete: delete it and start again", refusal.getMessage());
  }

  @Test
  void namesTheResourceThatIsMissing() {
    NativeLibraries none = new NativeLibraries("nowhere/", List.of("lib.so"));

    IOException refusal = assertThrows(IOException.class, () -> none.extract(cache));

    assertEquals("no nowhere/lib.so on the class path", refusal.getMessage());
  }
}
