package io.tidemill.checkpoint;

import static io.tidemill.checkpoint.CheckpointFixture.FACTS;
import static io.tidemill.checkpoint.CheckpointFixture.commit;
import static io.tidemill.checkpoint.CheckpointFixture.content;
import static io.tidemill.checkpoint.CheckpointFixture.progress;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.codec.KeyGroupRange;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Damage;
import io.tidemill.storage.FileSeal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
  private static final KeyGroupRange SECOND_HALF = new KeyGroupRange(512, 1024);
  private static final PartKey CARDS =
      PartKey.state("cards", 0, "state", new KeyGroupRange(0, 512));

  @TempDir private Path stateDir;
  private JobDirectory job;

  @BeforeEach
  void startJob() {
    job = CheckpointFixture.start(stateDir);
  }

  @AfterEach
  void closeJob() {
    job.close();
  }

  @Test
  void findsNothingInAFreshJob() {
    assertEquals(new LatestCheckpoint(Optional.empty(), List.of()), job.checkpoints().latest());
    assertEquals(1, job.checkpoints().nextNumber());
  }

  @Test
  void readsBackWhatWasCommitted() throws IOException {
    StoredCheckpoint committed = commit(job, 1);

    StoredCheckpoint read = job.checkpoints().latest().checkpoint().orElseThrow();

    assertEquals(committed, read);
    assertEquals(FACTS, read.manifest().run());
    assertEquals(progress(1), read.manifest().progress());
    assertEquals(
        List.of("cards.0.state", "cards.1.state"),
        read.manifest().parts().stream().map(Part::file).toList());
    Part second = read.parts("cards", "state").get(1);
    assertEquals(new KeyGroupRange(512, 1024), second.keyGroups());
    assertEquals(200, read.read(second).length);
    assertEquals(2, job.checkpoints().nextNumber());
  }

  @Test
  void usesThePreviousCheckpointWhenAnyByteOfAPartIsFlipped() throws IOException {
    commit(job, 1);
    Path part = commit(job, 2).folder().resolve("cards.0.state");
    byte[] whole = Files.readAllBytes(part);

    for (int at = 0; at < whole.length; at += 13) {
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << (at % 8));
      Files.write(part, flipped);

      assertPreviousIsUsed(part);
    }
  }

  @Test
  void usesThePreviousCheckpointWhenAPartIsCutOffOrExtendedOrGone() throws IOException {
    commit(job, 1);
    Path part = commit(job, 2).folder().resolve("cards.1.state");
    byte[] whole = Files.readAllBytes(part);

    for (int length : new int[] {0, 1, 199, 201}) {
      Files.write(part, Arrays.copyOf(whole, length));
      Damage damage = assertPreviousIsUsed(part);
      assertEquals(
          part + " is damaged: expected 200 bytes, found " + length + " bytes", damage.sentence());
    }
    Files.delete(part);
    assertEquals("no file", assertPreviousIsUsed(part).found());
  }

  @Test
  void usesThePreviousCheckpointWhenTheManifestIsCutOffOrFlippedAnywhere() throws IOException {
    commit(job, 1);
    Path manifest = commit(job, 2).folder().resolve("manifest.json");
    byte[] whole = Files.readAllBytes(manifest);

    for (int at = 0; at < whole.length; at++) {
      Files.write(manifest, Arrays.copyOf(whole, at));
      assertPreviousIsUsed(manifest);
      byte[] flipped = whole.clone();
      flipped[at] ^= 1;
      Files.write(manifest, flipped);
      assertPreviousIsUsed(manifest);
    }
    Files.delete(manifest);
    assertPreviousIsUsed(manifest);
  }

  @Test
  void doesNotSeeACheckpointThatWasKilledBetweenPartsAndCommit() throws IOException {
    StoredCheckpoint first = commit(job, 1);
    PendingCheckpoint killed = job.checkpoints().begin(2);
    killed.write(PartKey.state("cards", 0, "state", KeyGroupRange.ALL), content(2, 10));
    Path leftOver = first.folder().resolveSibling("2.tmp-1");
    Files.copy(first.folder().resolve("manifest.json"), leftOver.resolve("manifest.json"));
    job.close();

    job = JobDirectory.resume(stateDir, "fraud");

    assertEquals(first, job.checkpoints().latest().checkpoint().orElseThrow());
    assertEquals(List.of(), job.checkpoints().latest().damages());
    assertFalse(Files.exists(leftOver));
    assertEquals(2, commit(job, 2).number());
  }

  @Test
  void removesWhatWasNotCommitted() throws IOException {
    try (PendingCheckpoint pending = job.checkpoints().begin(1)) {
      pending.write(PartKey.tensors("model", 0, "weights"), content(1, 10));
    }

    assertEquals(List.of(), names());
  }

  @Test
  void removesACheckpointWhosePartCouldNotBeProduced() throws IOException {
    PendingCheckpoint pending = job.checkpoints().begin(1);

    assertThrows(
        EngineException.class,
        () ->
            pending.write(
                PartKey.tensors("model", 0, "weights"),
                channel -> {
                  throw new IOException("Input/output error");
                }));

    assertEquals(List.of(), names());
    EngineException closed =
        assertThrows(EngineException.class, () -> pending.commit(FACTS, progress(1)));
    assertEquals("checkpoint 1 of job fraud has failed or is closed", closed.getMessage());
  }

  @Test
  void refusesToCommitForAnOlderGeneration() throws IOException {
    PendingCheckpoint late = job.checkpoints().begin(1);
    Path jobFile = job.folder().resolve("job.json");
    Files.writeString(
        jobFile, Files.readString(jobFile).replace("\"generation\" : 1", "\"generation\" : 2"));

    EngineException refused =
        assertThrows(EngineException.class, () -> late.commit(FACTS, progress(1)));

    assertEquals(ErrorCode.RESOURCE, refused.code());
    assertEquals(
        "checkpoint 1 of job fraud is not written: generation 2 has taken the job over and this is"
            + " generation 1",
        refused.getMessage());
    assertEquals(List.of(), names());
    assertThrows(EngineException.class, () -> job.checkpoints().begin(2));
    assertThrows(EngineException.class, () -> job.mark(JobState.FINISHED));
  }

  @Test
  void refusesANumberThatExists() {
    commit(job, 1);

    EngineException refused = assertThrows(EngineException.class, () -> job.checkpoints().begin(1));

    assertTrue(refused.getMessage().contains("the next is 2"), refused.getMessage());
  }

  @Test
  void refusesTwoPartsOfOneName() {
    PendingCheckpoint pending = job.checkpoints().begin(1);
    PartKey key = PartKey.tensors("model", 0, "weights");
    pending.write(key, content(1, 10));

    assertThrows(EngineException.class, () -> pending.write(key, content(1, 10)));
  }

  @Test
  void keepsThreeAndThoseThatAreReferredTo() throws IOException {
    for (long number = 1; number <= 6; number++) {
      commit(job, number);
    }

    List<Long> pruned = job.checkpoints().prune(manifest -> manifest.checkpoint() == 2);

    assertEquals(List.of(3L, 1L), pruned);
    assertEquals(List.of("2", "4", "5", "6"), names());
  }

  @Test
  void keepsThreeThatAreWholeBesideDamagedOnes() throws IOException {
    for (long number = 1; number <= 5; number++) {
      commit(job, number);
    }
    Files.delete(job.folder().resolve("checkpoints/5/cards.0.state"));
    Files.delete(job.folder().resolve("checkpoints/4/manifest.json"));

    job.checkpoints().prune(manifest -> false);

    assertEquals(List.of("1", "2", "3", "4", "5"), names());
    commit(job, 6);
    job.checkpoints().prune(manifest -> false);
    assertEquals(List.of("2", "3", "4", "5", "6"), names());
  }

  @Test
  void writesIntoTheFilesOfThePrunedCheckpointWhetherTheyWereLongerOrShorter() throws IOException {
    for (long number = 1; number <= 4; number++) {
      commit(job, number);
    }
    Object file = fileKey("1/cards.0.state");
    job.checkpoints().prune(manifest -> false);

    StoredCheckpoint committed;
    try (PendingCheckpoint pending = job.checkpoints().begin(5)) {
      pending.write(CARDS, content(5, 299));
      pending.write(PartKey.state("cards", 1, "state", SECOND_HALF), content(5, 201));
      committed = pending.commit(FACTS, progress(5));
    }

    assertEquals(file, fileKey("5/cards.0.state"));
    assertEquals(Optional.empty(), committed.damage());
    assertEquals(299, Files.size(committed.folder().resolve("cards.0.state")));
    assertEquals(201, Files.size(committed.folder().resolve("cards.1.state")));
    assertEquals(List.of("2", "3", "4", "5"), names());
  }

  @Test
  void doesNotWriteOverAFileThatAnotherCheckpointHasToo() throws IOException {
    StoredCheckpoint first = commit(job, 1);
    try (PendingCheckpoint pending = job.checkpoints().begin(2)) {
      first.manifest().parts().forEach(part -> pending.adopt(part, first));
      pending.commit(FACTS, progress(2));
    }
    commit(job, 3);
    commit(job, 4);
    job.checkpoints().prune(manifest -> false);

    commit(job, 5);

    assertEquals(List.of("2", "3", "4", "5"), names());
    for (StoredCheckpoint stored : job.checkpoints().list()) {
      assertEquals(Optional.empty(), stored.damage());
    }
  }

  @Test
  void takesOverAPartWhereTheFilesOfAPrunedCheckpointLie() throws IOException {
    for (long number = 1; number <= 4; number++) {
      commit(job, number);
    }
    job.checkpoints().prune(manifest -> false);
    StoredCheckpoint fourth = job.checkpoints().latest().checkpoint().orElseThrow();
    Part adopted = fourth.manifest().parts().getFirst();

    try (PendingCheckpoint pending = job.checkpoints().begin(5)) {
      pending.adopt(adopted, fourth);
      pending.commit(FACTS, progress(5));
    }

    Path folder = job.folder().resolve("checkpoints/5");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("cards.0.state", "manifest.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertEquals(Optional.empty(), job.checkpoints().list().getFirst().damage());
  }

  @Test
  void leavesNoPrunedCheckpointBehindWhenTheJobIsClosed() throws IOException {
    for (long number = 1; number <= 4; number++) {
      commit(job, number);
    }
    job.checkpoints().prune(manifest -> false);
    assertEquals(List.of("1.pruned-1"), pruned());

    job.close();

    assertEquals(List.of(), pruned());
  }

  @Test
  void keepsSavepointHoweverManyCheckpointsFollow() throws IOException {
    StoredCheckpoint savepoint;
    try (PendingCheckpoint pending = job.checkpoints().begin(1)) {
      pending.write(PartKey.tensors("net", 0, "weights"), content(1, 100));
      pending.keep();
      savepoint = pending.commit(FACTS, progress(1));
    }
    for (long number = 2; number <= 5; number++) {
      commit(job, number);
    }

    job.checkpoints().prune(manifest -> false);

    assertTrue(savepoint.isSavepoint());
    assertEquals(List.of("1", "3", "4", "5"), names());
  }

  @Test
  void goesBackToAnOlderCheckpointAndForgetsNone() throws IOException {
    commit(job, 1);
    StoredCheckpoint wanted = commit(job, 2);
    commit(job, 3);
    job.close();

    StoredCheckpoint again = JobDirectory.goBack(stateDir, "fraud", 2);

    job = JobDirectory.resume(stateDir, "fraud");
    assertEquals(4, again.number());
    assertEquals(Optional.of(again), job.checkpoints().latest().checkpoint());
    assertEquals(wanted.manifest().progress(), again.manifest().progress());
    assertEquals(wanted.manifest().parts(), again.manifest().parts());
    assertEquals(List.of("1", "2", "3", "4"), names());
  }

  @Test
  void doesNotGoBackToWhatIsNotThereOrDamagedNorInAJobThatRuns() throws IOException {
    Path part = commit(job, 1).folder().resolve("cards.0.state");
    EngineException held =
        assertThrows(EngineException.class, () -> JobDirectory.goBack(stateDir, "fraud", 1));
    assertTrue(held.getMessage().startsWith("job fraud is already run by process "));
    job.close();

    EngineException absent =
        assertThrows(EngineException.class, () -> JobDirectory.goBack(stateDir, "fraud", 7));
    assertEquals("job fraud has no checkpoint 7; there is [1]", absent.getMessage());
    Files.write(part, new byte[3]);
    EngineException damaged =
        assertThrows(EngineException.class, () -> JobDirectory.goBack(stateDir, "fraud", 1));
    assertEquals(part + " is damaged: expected 300 bytes, found 3 bytes", damaged.getMessage());
  }

  @Test
  void doesNotResumeARunFromTheCheckpointsOfAnother() {
    commit(job, 1);
    String firstRun = job.record().runId();
    job.close();

    job = CheckpointFixture.start(stateDir);

    assertTrue(job.checkpoints().latest().checkpoint().isEmpty());
    assertEquals(2, job.checkpoints().nextNumber());
    assertEquals(1, job.checkpoints().latest(firstRun).checkpoint().orElseThrow().number());
  }

  @Test
  void ignoresUnknownFieldsOfANewerMinorVersionAndRefusesANewerMajorOne() throws IOException {
    Path manifest = commit(job, 1).folder().resolve("manifest.json");
    String text = Files.readString(manifest);

    reseal(manifest, text.replace("\"1.0\"", "\"1.7\"").replace("\"seed\"", "\"x\" : 1, \"seed\""));
    assertTrue(job.checkpoints().latest().checkpoint().isPresent());

    reseal(manifest, text.replace("\"seed\"", "\"x\" : 1, \"seed\""));
    assertThrows(EngineException.class, () -> job.checkpoints().latest());

    reseal(manifest, text.replace("\"1.0\"", "\"2.0\""));
    EngineException refused = assertThrows(EngineException.class, () -> job.checkpoints().latest());
    assertEquals(
        manifest
            + " has format version 2.0 but this release reads 1.x; use the release of tidemill that"
            + " wrote it, or a newer one",
        refused.getMessage());
  }

  private Damage assertPreviousIsUsed(Path damaged) {
    LatestCheckpoint latest = job.checkpoints().latest();
    assertEquals(1, latest.checkpoint().orElseThrow().number());
    assertEquals(1, latest.damages().size());
    assertEquals(damaged, latest.damages().getFirst().path());
    return latest.damages().getFirst();
  }

  private static void reseal(Path manifest, String text) throws IOException {
    String zeroed = text.replaceFirst("crc32c:[0-9a-f]{8}", "crc32c:00000000");
    Files.writeString(manifest, zeroed);
    String checksum = FileSeal.of(manifest).checksum();
    Path temporary = manifest.resolveSibling("m");
    Files.writeString(temporary, zeroed.replace("crc32c:00000000", checksum));
    Files.move(temporary, manifest, StandardCopyOption.REPLACE_EXISTING);
  }

  /** What lies there, but for what was pruned. */
  private List<String> names() throws IOException {
    return entries().stream().filter(name -> !name.contains(".pruned-")).toList();
  }

  private List<String> pruned() throws IOException {
    return entries().stream().filter(name -> name.contains(".pruned-")).toList();
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> paths = Files.list(job.folder().resolve("checkpoints"))) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private Object fileKey(String file) throws IOException {
    Path path = job.folder().resolve("checkpoints").resolve(file);
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }
}
