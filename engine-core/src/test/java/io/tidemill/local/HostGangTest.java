package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.train.GangHosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trainings whose ranks lie on several hosts, each with memory of its own, in one process. */
@Timeout(240)
final class HostGangTest {
  private static final int PATIENCE_MS = 1500;

  private final List<CompletableFuture<String>> members = new ArrayList<>();

  @TempDir Path folder;

  /** Of test runs that were killed. */
  private final List<Path> leftBefore = new ArrayList<>();

  @BeforeEach
  void look() throws IOException {
    leftBefore.addAll(memoriesAndSamples());
  }

  @ParameterizedTest
  @CsvSource({
    "dense, 1+1",
    "dense, 2+1",
    "dense, 1+1+1",
    "dense, 1+2+1",
    "sparse, 1+1",
    "sparse, 1+1+1",
    "sparse, 1+2",
    "skip, 1+2",
    "rollback, 1+1+1"
  })
  void severalHostsComeToTheBitsOfOneProcess(String kind, String hosts) throws Exception {
    JobReport one = new GangJob(folder.resolve("one"), kind, 1).run();
    QueueNetwork network = new QueueNetwork();

    JobReport several = lead(folder.resolve("several"), kind, hosts, network);

    assertEquals(one.weightsSha256(), several.weightsSha256());
    assertEquals(one.metrics(), several.metrics());
    assertEquals(one.skippedSteps(), several.skippedSteps());
    assertTrue(network.frames() > GangJob.STEPS, network.frames() + " frames");
    for (CompletableFuture<String> member : members) {
      assertTrue(member.join().endsWith(" leaves: the attempt is over"), member.join());
    }
    assertEquals(List.of(), left());
  }

  @Test
  void aHostThatIsCutOffEndsTheAttemptAndTheNextGoesOnWithOtherHosts() throws Exception {
    JobReport one = new GangJob(folder.resolve("one"), "sparse", 1).run();
    Path state = folder.resolve("several");
    QueueNetwork cut = new QueueNetwork().cutAfter(8000);

    EngineException failure =
        assertThrows(EngineException.class, () -> lead(state, "sparse", "1+1", cut));

    assertTrue(
        failure
            .getMessage()
            .matches(
                "rank 1 of training net is lost after step \\d+: process on another host has been"
                    + " silent for \\d+ ms, 1500 are allowed"),
        failure.getMessage());
    assertTrue(
        members.getFirst().join().contains("the leading process on another host has been silent"));
    assertEquals(
        one.weightsSha256(), lead(state, "sparse", "2+1", new QueueNetwork()).weightsSha256());
  }

  @ParameterizedTest
  @CsvSource({"broken, embedding-1: id out of range", "stop, the loss is NaN at step="})
  void whatARankOfAnotherHostFailsWithIsTheFailureOfTheJob(String kind, String beginning) {
    EngineException alone =
        assertThrows(EngineException.class, new GangJob(folder.resolve("one"), kind, 1)::run);
    assertTrue(alone.getMessage().startsWith(beginning), alone.getMessage());

    EngineException together =
        assertThrows(
            EngineException.class,
            () -> lead(folder.resolve("four"), kind, "1+1+2", new QueueNetwork()));

    assertEquals(alone.getMessage(), together.getMessage());
    assertEquals(alone.code(), together.code());
  }

  @Test
  void streamsThatWereRefusedAreTold() {
    Notices notices = new Notices();

    lead(folder.resolve("two"), "dense", "1+1", new QueueNetwork().withStrangers(2), notices);

    assertEquals(
        List.of(
            "training net has refused 2 streams at queues: they are of another attempt, or of"
                + " strangers"),
        notices.sentences());
  }

  private JobReport lead(Path state, String kind, String hosts, QueueNetwork network) {
    return lead(state, kind, hosts, network, JobListener.NONE);
  }

  private JobReport lead(
      Path state, String kind, String hosts, QueueNetwork network, JobListener listener) {
    GangHosts lie = GangHosts.parse(hosts);
    GangJob job = new GangJob(state, kind, lie.allRanks());
    Duration patience = Duration.ofMillis(PATIENCE_MS);
    Members starter =
        place -> {
          members.clear();
          for (int rank = 1; rank < place.ranks(); rank++) {
            GangMember.Seat seat =
                new GangMember.Seat(place, rank, 1, patience, Duration.ofSeconds(30));
            GangMember member = job.join(seat, network);
            members.add(
                CompletableFuture.supplyAsync(
                    member::run, command -> Thread.ofPlatform().start(command)));
          }
        };
    return job.lead(
        MemberOptions.of(starter).withHosts(lie, network).withFolder(folder).withPatience(patience),
        listener);
  }

  /** What hosts have left of memory and samples. */
  private List<Path> left() throws IOException {
    List<Path> left = new ArrayList<>(memoriesAndSamples());
    left.removeAll(leftBefore);
    return left;
  }

  private List<Path> memoriesAndSamples() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path place : List.of(folder, Path.of(System.getProperty("java.io.tmpdir")))) {
      try (Stream<Path> files = Files.list(place)) {
        files
            .filter(file -> file.getFileName().toString().contains("-points-"))
            .forEach(found::add);
      }
    }
    return found;
  }
}
