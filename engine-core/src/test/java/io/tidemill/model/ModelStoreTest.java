package io.tidemill.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStoreTest {
  @TempDir private Path stateDir;

  @Test
  void readsBackWhatWasPublished() {
    Publication publication = publication(3);

    StoredModel published = ModelStore.in(stateDir).publish(publication);
    StoredModel read = ModelStore.in(stateDir).latest("fraud");

    assertEquals(published, read);
    assertEquals(1, read.version());
    ModelDescription description = read.description();
    assertEquals(publication.signature(), description.signature());
    assertEquals(publication.lineage(), description.lineage());
    assertEquals(publication.parameters(), description.parameters());
    assertEquals(Map.of("aucRoc", 0.87), description.metrics());
    assertEquals(List.of("genuine", "fraud"), description.labels());
    assertEquals("{\"program\":1}", read.program());
    assertEquals("{\"features\":1}", read.features());
    read.verifyWeights();
    try (Arena arena = Arena.ofConfined()) {
      assertArrayEquals(
          new float[] {1, 2, 3, 4},
          read.weights(arena).getFirst().data().toArray(ValueLayout.JAVA_FLOAT));
    }
  }

  @Test
  void publishesOneMomentOnce() {
    ModelStore store = ModelStore.in(stateDir);

    assertEquals(1, store.publish(publication(1)).version());
    assertEquals(2, store.publish(publication(2)).version());
    assertEquals(1, store.publish(publication(1)).version());

    assertEquals(List.of(1, 2), store.versions("fraud"));
    assertTrue(store.refersTo("fraud-job", "run1", 2));
    assertFalse(store.refersTo("fraud-job", "run1", 3));
    assertFalse(store.refersTo("fraud-job", "run2", 2));
  }

  @Test
  void readsALineageOfTheReleaseBeforeWhichHadNoEventTime() throws IOException {
    String before =
        "{\"job\":\"j\",\"runId\":\"r\",\"checkpoint\":1,\"step\":2,\"samples\":3,\"sources\":{},"
            + "\"graphFingerprint\":\"f\",\"engineVersion\":\"0\",\"seed\":4";

    Lineage old = ShapeJson.mapper().readValue(before + "}", Lineage.class);
    Lineage timed =
        ShapeJson.mapper()
            .readValue(before + ",\"eventTime\":\"2026-01-02T03:04:05Z\"}", Lineage.class);

    assertEquals(Optional.empty(), old.trainedUpTo());
    assertEquals(Optional.of(Instant.parse("2026-01-02T03:04:05Z")), timed.trainedUpTo());
  }

  @Test
  void takesTheNextNumberBesideAnIncompleteVersion() throws IOException {
    Files.createDirectories(stateDir.resolve("models/fraud/1"));

    assertEquals(2, ModelStore.in(stateDir).publish(publication(1)).version());
    assertEquals(2, ModelStore.in(stateDir).latest("fraud").version());
    assertEquals(1, ModelStore.in(stateDir).list().size());
  }

  @Test
  void leavesNothingButTheVersionBehind() throws IOException {
    StoredModel model = ModelStore.in(stateDir).publish(publication(1));

    assertEquals(List.of("1"), names(model.folder().getParent()));
    assertEquals(
        List.of("features.json", "model.json", "program.json", "weights.safetensors"),
        names(model.folder()));
  }

  @Test
  void deletesWhatAKilledProcessOfTheJobLeftBehind() throws IOException {
    StoredModel first = ModelStore.in(stateDir).publish(publication(1));
    Path folder = first.folder().getParent();
    Files.createDirectories(folder.resolve("2.new-fraud-job-4711"));
    Files.createDirectories(folder.resolve("1.old-fraud-job-4711"));
    Files.createDirectories(folder.resolve("2.new-other-fraud-job-4711"));

    ModelStore.in(stateDir).publish(publication(2));

    assertEquals(List.of("1", "2", "2.new-other-fraud-job-4711"), names(folder));
  }

  @Test
  void deletesNoVersionWhereTheTrafficCannotBeRead() throws IOException {
    ModelStore store = ModelStore.in(stateDir);
    StoredModel first = store.publish(publication(1));
    store.publish(publication(2));
    Path traffic = Files.writeString(store.folder("fraud").resolve("traffic.json"), "torn");

    assertEquals(List.of(), store.prune(first.description().lineage(), "fraud", 1, _ -> false));
    Files.delete(traffic);
    assertEquals(List.of(1), store.prune(first.description().lineage(), "fraud", 1, _ -> false));
    assertEquals(List.of(2), store.versions("fraud"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "models", "models/fraud", "models/fraud/1"})
  void opensWhateverFolderTheUserPointsAt(String path) {
    ModelStore.in(stateDir).publish(publication(1));

    ModelStore store = ModelStore.at(stateDir.resolve(path));

    assertEquals(List.of("fraud"), store.models());
    assertEquals(List.of(1), store.versions("fraud"));
    assertEquals("fraud", store.latest("fraud").name());
    assertEquals(1, store.list().size());
  }

  @Test
  void opensAVersionThatWasCopiedElsewhere() throws IOException {
    StoredModel model = ModelStore.in(stateDir).publish(publication(1));
    Path copy = Files.move(model.folder(), stateDir.resolve("copy"));

    assertEquals(1, ModelStore.at(copy).open("fraud", 1).version());
  }

  @Test
  void findsOnnxModelsLaidOutAsForTritonBesideItsOwn() throws IOException {
    ModelStore.in(stateDir).publish(publication(1));
    Path versions = stateDir.resolve("models").resolve("resnet");
    Path file = onnx(versions.resolve("3"));
    ModelStore store = ModelStore.at(stateDir);

    assertEquals(List.of("fraud", "resnet"), store.models());
    assertEquals(new OnnxFile("resnet", 3, file, Optional.empty()), store.find("resnet", 3));
    assertEquals(store.open("fraud", 1), store.find("fraud", 1));
    assertEquals(1, store.list().size());
    EngineException refusal = assertThrows(EngineException.class, () -> store.open("resnet", 3));
    assertEquals(
        "model resnet version 3: expected one that a run published, found "
            + file
            + ", which can be served only",
        refusal.getMessage());

    Path config = Files.writeString(versions.resolve("config.pbtxt"), "");

    OnnxFile configured = new OnnxFile("resnet", 3, file, Optional.of(config));
    assertEquals(configured, store.find("resnet", 3));
    assertEquals(configured, ModelStore.at(versions).find("resnet", 3));
    assertEquals(configured, ModelStore.at(versions.resolve("3")).find("resnet", 3));
  }

  @Test
  void takesAnOnnxFileByItselfAsVersionOneOfItsName() throws IOException {
    Path file = Files.move(onnx(stateDir), stateDir.resolve("resnet-50.onnx"));

    ModelStore store = ModelStore.at(file);

    assertEquals(List.of("resnet-50"), store.models());
    assertEquals(new OnnxFile("resnet-50", 1, file, Optional.empty()), store.find("resnet-50", 1));
    Path unsafe = Files.move(file, stateDir.resolve("my model.onnx"));
    EngineException refusal = assertThrows(EngineException.class, () -> ModelStore.at(unsafe));
    assertTrue(refusal.getMessage().contains("model name 'my model'"), refusal.getMessage());
  }

  @Test
  void saysWhatWasLookedForWhereThereIsNoModel() {
    EngineException none = assertThrows(EngineException.class, () -> ModelStore.at(stateDir));

    assertEquals(ErrorCode.NOT_FOUND, none.code());
    assertEquals(
        "there is no model at "
            + stateDir
            + ": looked for models/<model>/<version>/model.json (a state directory),"
            + " <model>/<version>/, <version>/, model.json and model.onnx in it",
        none.getMessage());
    EngineException noFolder =
        assertThrows(EngineException.class, () -> ModelStore.at(stateDir.resolve("x")));
    assertTrue(noFolder.getMessage().contains("which is no directory"), noFolder.getMessage());
  }

  @Test
  void saysWhichModelsAndVersionsThereAre() {
    ModelStore store = ModelStore.in(stateDir);
    store.publish(publication(1));

    assertEquals(
        "there is no model digits; there is [fraud]",
        assertThrows(EngineException.class, () -> store.latest("digits")).getMessage());
    assertEquals(
        "there is no version 7 of model fraud; there is [1]",
        assertThrows(EngineException.class, () -> store.open("fraud", 7)).getMessage());
    assertThrows(EngineException.class, () -> store.latest("../fraud"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"weights.safetensors", "program.json", "features.json", "model.json"})
  void namesTheFileThatIsMissingOrDamaged(String name) throws IOException {
    ModelStore store = ModelStore.in(stateDir);
    Path file = store.publish(publication(1)).folder().resolve(name);
    byte[] whole = Files.readAllBytes(file);

    for (int at = 0; at < whole.length; at++) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 4;
      Files.write(file, flipped);
      EngineException damaged = assertThrows(EngineException.class, () -> store.latest("fraud"));
      assertEquals(ErrorCode.CORRUPT_STATE, damaged.code());
      assertTrue(damaged.getMessage().contains(file.toString()), damaged.getMessage());
    }
    Files.delete(file);
    EngineException missing = assertThrows(EngineException.class, () -> store.latest("fraud"));
    assertTrue(missing.getMessage().contains(file.toString()), missing.getMessage());
    assertThrows(EngineException.class, () -> ModelStore.at(file.getParent()).latest("fraud"));
  }

  @Test
  void publishesAgainWhatWasDamaged() throws IOException {
    ModelStore store = ModelStore.in(stateDir);
    Files.delete(store.publish(publication(1)).weightsPath());

    assertEquals(2, store.publish(publication(1)).version());
  }

  @Test
  void refusesWeightsThatAreNotTheParameters() {
    Publication whole = publication(1);

    assertThrows(
        EngineException.class,
        () ->
            new Publication(
                "fraud",
                whole.signature(),
                List.of(),
                whole.lineage(),
                Map.of(),
                whole.parameters(),
                whole.weights().reversed(),
                "{}",
                "{}"));
  }

  private static Publication publication(long checkpoint) {
    return new Publication(
        "fraud",
        new Signature(
            List.of(new TensorSpec("features", DataType.FLOAT32, Shape.of(Shape.ANY, 2))),
            List.of(new TensorSpec("score", DataType.FLOAT32, Shape.of(Shape.ANY, 1)))),
        List.of("genuine", "fraud"),
        new Lineage(
            "fraud-job",
            "run1",
            checkpoint,
            checkpoint * 10,
            checkpoint * 2560,
            Map.of("cards", new TreeMap<>(Map.of("split-0", checkpoint * 100))),
            "abc",
            "0.1.0",
            7),
        Map.of("aucRoc", 0.87),
        List.of(
            new ModelParameter("dense-1.weight", Shape.of(2, 2), true, 0),
            new ModelParameter("dense-1.bias", Shape.of(2), true, 16)),
        List.of(
            floats("dense-1.weight", Shape.of(2, 2), 1, 2, 3, 4),
            floats("dense-1.bias", Shape.of(2), 5, 6)),
        "{\"program\":1}",
        "{\"features\":1}");
  }

  private static NamedTensor floats(String name, Shape shape, float... values) {
    return new NamedTensor(name, DataType.FLOAT32, shape, MemorySegment.ofArray(values));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static Path onnx(Path folder) throws IOException {
    Files.createDirectories(folder);
    return Files.write(folder.resolve("model.onnx"), new byte[] {1, 2, 3});
  }
}
