package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cli.Tidemill.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user gets wrong: exit 2, one line that names it, and nothing half-written. */
class BadInputTest {
  private static final String HEADER =
      "transaction_id,datetime,customer_id,terminal_id,amount,fraud,scenario\n";

  @TempDir Path folder;

  @Test
  void namesTheFileThatIsMissing() throws Exception {
    refuses("run fraud data=missing.csv", "missing.csv", "does not exist");

    assertNothingIsWritten();
  }

  @Test
  void namesTheFolderThatIsMissing() throws Exception {
    refuses("run digits data=missing", "missing");

    assertNothingIsWritten();
  }

  @Test
  void namesThePackedFileThatIsTruncated() throws Exception {
    Path data = idxFolder(images(64));
    byte[] whole = Files.readAllBytes(data.resolve("train-images-idx3-ubyte.gz"));
    Files.write(data.resolve("train-images-idx3-ubyte.gz"), Arrays.copyOf(whole, whole.length / 2));

    refuses("run digits data=mnist --quiet", "train-images-idx3-ubyte.gz");

    assertNoModelAndNoCheckpoint();
  }

  @Test
  void namesThePackedFileThatIsNoIdx() throws Exception {
    idxFolder("this is no IDX file, whatever its name".getBytes(StandardCharsets.UTF_8));

    refuses("run digits data=mnist --quiet", "train-images-idx3-ubyte.gz", "IDX");

    assertNoModelAndNoCheckpoint();
  }

  @Test
  void namesTheHeaderThatIsWrong() throws Exception {
    Files.writeString(folder.resolve("bad.csv"), "id,when,who\n1,2,3\n");

    refuses("run fraud data=bad.csv --quiet", "bad.csv", "expected", "found");

    assertNoModelAndNoCheckpoint();
  }

  @Test
  void namesTheLineOfAnAmountThatIsNoNumber() throws Exception {
    Files.writeString(
        folder.resolve("bad.csv"), HEADER + "953,2018-04-01T05:24:03,4499,3644,12.x,0,0\n");

    refuses("run fraud data=bad.csv --quiet", "bad.csv", "line 2", "12.x");

    assertNoModelAndNoCheckpoint();
  }

  @Test
  void listsTheExamplesWhereOneIsUnknown() throws Exception {
    refuses("run digit", "unknown example \"digit\"", "digits, fraud");

    assertNothingIsWritten();
  }

  @Test
  void listsTheParametersWhereOneIsUnknown() throws Exception {
    refuses("run digits epoch=3", "unknown parameter epoch", "steps");

    assertNothingIsWritten();
  }

  @Test
  void refusesNoWorkers() throws Exception {
    refuses("run digits --workers 0", "--workers", "at least 1", "0");

    assertNothingIsWritten();
  }

  @Test
  void refusesAWordForANumber() throws Exception {
    refuses("run digits --threads many", "--threads", "a whole number", "\"many\"");

    assertNothingIsWritten();
  }

  @Test
  void refusesToServeOthersWithoutAToken() throws Exception {
    refuses("serve . --host 0.0.0.0 --port 0", "--host 0.0.0.0", "TIDEMILL_TOKEN", "127.0.0.1");

    assertNothingIsWritten();
  }

  @Test
  void refusesAGrpcPortThatIsNoneOrHasNothingBesideIt() throws Exception {
    refuses("serve . --port 0 --grpc 65536", "--grpc", "0 to 65535", "65536");
    refuses("run digits --grpc 0", "--grpc 0", "--http PORT or --serve");

    assertNothingIsWritten();
  }

  @Test
  void suggestsTheOptionThatWasMeant() throws Exception {
    refuses("run digits --worker 2", "unknown option --worker", "--workers");

    assertNothingIsWritten();
  }

  @Test
  void namesTheDeviceThatIsNotThere() throws Exception {
    refuses("run digits --device abacus", "device=abacus", "auto");

    assertNothingIsWritten();
  }

  @Test
  void refusesToResumeAJobThatIsNotThere() throws Exception {
    refuses("run digits --resume --job nightly", "--resume", "nightly");

    assertNothingIsWritten();
  }

  @Test
  void namesThePortThatIsInUseBeforeTheJobBegins() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());

      refuses("run digits --http " + port, "--http " + port, "in use");
    }

    assertNothingIsWritten();
  }

  @Test
  void saysThatAFolderHasNoModel() throws Exception {
    Files.createDirectory(folder.resolve("empty"));

    refuses("serve empty --port 0", "empty", "no model");
  }

  @Test
  void saysWhatIsWrongWithAJar() throws Exception {
    refuses("run missing.jar", "missing.jar", "no file");

    Files.writeString(folder.resolve("text.jar"), "no jar");
    refuses("run text.jar", "text.jar", "no jar");
    refuses("run text.jar!com.example.Mine", "text.jar", "no class com.example.Mine");

    assertNothingIsWritten();
  }

  @Test
  void showsTheStackOnlyWhereItIsWanted() throws Exception {
    Outcome outcome = new Tidemill(folder).run("run", "digit", "--debug");

    assertEquals(2, outcome.exit());
    assertTrue(outcome.err().size() > 2, outcome.toString());
    assertTrue(outcome.err().get(1).contains("EngineException"), outcome.toString());
  }

  private void refuses(String words, String... fragments) throws Exception {
    Outcome outcome = new Tidemill(folder).run(words.split(" "));

    assertEquals(2, outcome.exit(), outcome.toString());
    assertTrue(outcome.out().isEmpty(), outcome.toString());
    String line = outcome.onlyError();
    assertTrue(line.startsWith("tidemill: "), line);
    for (String fragment : fragments) {
      assertTrue(line.contains(fragment), "\"" + fragment + "\" is not in: " + line);
    }
  }

  private void assertNothingIsWritten() {
    assertFalse(Files.exists(folder.resolve(JobArguments.DEFAULT_STATE)));
  }

  /** A job that began and failed leaves its record, which says so, and no result. */
  private void assertNoModelAndNoCheckpoint() throws IOException {
    Path state = folder.resolve(JobArguments.DEFAULT_STATE);
    if (!Files.exists(state)) {
      return;
    }
    try (var files = Files.walk(state)) {
      assertEquals(
          0,
          files
              .map(path -> path.getFileName().toString())
              .filter(
                  name ->
                      name.equals("manifest.json")
                          || name.equals("model.json")
                          || name.contains(".tmp"))
              .count());
    }
  }

  /** A folder as of MNIST whose training images are these bytes, packed. */
  private Path idxFolder(byte[] trainImages) throws IOException {
    Path data = Files.createDirectory(folder.resolve("mnist"));
    pack(data.resolve("train-images-idx3-ubyte.gz"), trainImages);
    pack(data.resolve("train-labels-idx1-ubyte.gz"), labels(64));
    pack(data.resolve("t10k-images-idx3-ubyte.gz"), images(16));
    pack(data.resolve("t10k-labels-idx1-ubyte.gz"), labels(16));
    return data;
  }

  private static byte[] images(int count) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + count * 784);
    bytes.putInt(0x803).putInt(count).putInt(28).putInt(28);
    for (int i = 16; i < bytes.capacity(); i++) {
      bytes.put(i, (byte) (i * 31 % 251));
    }
    return bytes.array();
  }

  private static byte[] labels(int count) {
    return ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count).array();
  }

  private static void pack(Path file, byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    Files.write(file, packed.toByteArray());
  }
}
