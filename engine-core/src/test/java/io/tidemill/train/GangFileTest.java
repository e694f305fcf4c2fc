package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file, mapped twice as by two processes. */
final class GangFileTest {
  private static final Training<float[]> TRAINING = TinyTraining.training(6);
  private static final GangIdentity IDENTITY =
      new GangIdentity("digits", "net", 7, GangHosts.one(3), "f00d", 42, "0.1.0", "cpu (a = b)");

  private final Device device = Devices.open("cpu");

  @TempDir Path folder;

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @Test
  void whatOneWritesTheOtherReads() {
    try (GangFile file = create();
        GangFile mapped = GangFile.attach(path(), IDENTITY, TRAINING, device);
        Gang leader = new Gang(TRAINING, device, GangHosts.one(3), 0, file);
        Gang member = new Gang(TRAINING, device, GangHosts.one(3), 0, mapped)) {
      assertEquals(GangLayout.of(TRAINING, device, 3).bytes(), file.memory().byteSize());
      assertEquals(folder.resolve("samples"), mapped.samples());

      leader.open(2, new StepCount(5, 4, 1));
      leader.stopAfter(9);
      member.contribute(1, 6);
      member.lossOf(5, 0.5f);
      member.squaresOf(0, 9);
      write(member.gradientOf(5), 1);
      write(member.parameters(), 2);
      write(member.moments().get(1), 3);

      assertTrue(member.isOpen(2));
      assertFalse(member.isOpen(1));
      assertEquals(new StepCount(5, 4, 1), member.beginning(2));
      assertEquals(9, member.stop(2));
      leader.contribute(0, 6);
      leader.contribute(2, 6);
      assertTrue(leader.allContributed(6));
      assertFalse(leader.allContributed(7));
      assertEquals(0.5f, leader.loss());
      assertEquals(3, leader.norm());
      assertEquals(1, first(leader.gradientOf(5)));
      assertEquals(0, first(leader.gradientOf(4)));
      assertEquals(2, first(leader.parameters()));
      assertEquals(3, first(leader.moments().get(1)));
    }
  }

  @Test
  void theRosterSaysWhoWorksARankAndWhatItFailedWith() {
    try (Gang gang = new Gang(TRAINING, device, 3)) {
      Roster roster = gang.roster();

      assertEquals(0, roster.pid(1));
      assertEquals(100, roster.join(1, 100));
      assertEquals(100, roster.join(1, 200), "the first stays");
      roster.beat(1);
      assertEquals(List.of(0L, 1L), List.of(roster.beats(0), roster.beats(1)));
      assertEquals(Optional.empty(), roster.failure(1));
      roster.fail(1, new EngineException(ErrorCode.INVALID_DATA, "id out of range – at step=3"));
      EngineException failure = roster.failure(1).orElseThrow();
      assertEquals(ErrorCode.INVALID_DATA, failure.code());
      assertEquals("id out of range – at step=3", failure.getMessage());
      roster.fail(2, new EngineException(ErrorCode.INTERNAL, "x".repeat(5000)));
      assertEquals("x".repeat(2039), roster.failure(2).orElseThrow().getMessage());
      assertFalse(roster.isOver());
      roster.end();
      assertTrue(roster.isOver());
    }
  }

  @Test
  void onlyItsUserMayOpenItAndItGoesWithItsOwner() throws IOException {
    try (GangFile file = create()) {
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
      try (GangFile mapped = GangFile.attach(path(), IDENTITY, TRAINING, device)) {
        assertEquals(file.path(), mapped.path());
      }
      assertTrue(Files.exists(path()));
    }
    assertFalse(Files.exists(path()));
  }

  @Test
  void namesWhatDiffers() {
    try (GangFile _ = create()) {
      assertEquals(IDENTITY, GangFile.identity(path()));
      assertRefused("expected job fraud, found digits", withJob("fraud"));
      assertRefused("expected generation 6, found 7", withGeneration(6));
      assertRefused(
          "expected device cpu (c), found cpu (a = b)",
          new GangIdentity("digits", "net", 7, GangHosts.one(3), "f00d", 42, "0.1.0", "cpu (c)"));
    }
  }

  @Test
  void refusesWhatIsNoMemoryOfAGang() throws IOException {
    Files.writeString(path(), "x".repeat(10_000));

    EngineException refused =
        assertThrows(
            EngineException.class, () -> GangFile.attach(path(), IDENTITY, TRAINING, device));
    assertEquals(path() + " cannot be joined: expected the memory of a gang", refused.getMessage());
  }

  private void assertRefused(String difference, GangIdentity expected) {
    EngineException refused =
        assertThrows(
            EngineException.class, () -> GangFile.attach(path(), expected, TRAINING, device));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertTrue(refused.getMessage().endsWith(": " + difference), refused.getMessage());
  }

  private static GangIdentity withJob(String job) {
    return new GangIdentity(job, "net", 7, GangHosts.one(3), "f00d", 42, "0.1.0", "cpu (a = b)");
  }

  private static GangIdentity withGeneration(long generation) {
    return new GangIdentity(
        "digits", "net", generation, GangHosts.one(3), "f00d", 42, "0.1.0", "cpu (a = b)");
  }

  private GangFile create() {
    return GangFile.create(path(), IDENTITY, folder.resolve("samples"), TRAINING, device);
  }

  private Path path() {
    return folder.resolve("gang");
  }

  private static void write(DeviceBuffer buffer, float number) {
    buffer.write(0, MemorySegment.ofArray(new float[] {number}));
  }

  private static float first(DeviceBuffer buffer) {
    float[] numbers = new float[1];
    buffer.read(0, MemorySegment.ofArray(numbers));
    return numbers[0];
  }
}
