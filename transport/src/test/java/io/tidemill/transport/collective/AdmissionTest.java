package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ExclusivePublication;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.AeronSettings;
import io.tidemill.transport.aeron.Listener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in: at the file, and at the door of Aeron. */
final class AdmissionTest {
  private static final long DEADLINE_NS = 20_000_000_000L;
  private static final Slices SLICES = Slices.even(0, 100, 2);

  @TempDir private Path folder;

  @Test
  void aStrangerIsRefusedAtTheFileAndCounted() {
    Path file = folder.resolve("group");
    try (Collective rank = file(file, group(7, "secret"), 0)) {
      EngineException noSecret =
          assertThrows(EngineException.class, () -> file(file, group(7, "guess"), 1));
      assertThrows(EngineException.class, () -> file(file, group(9, "guess"), 1));

      assertEquals(
          "shared memory %s: it is another group's than group g, generation 7, or has another secret"
              .formatted(file),
          noSecret.getMessage());
      assertEquals(2, rank.refused());
      assertEquals(0, rank.poll(0));
    }
  }

  @Test
  void anOlderGenerationIsRefusedAtTheFileAndCounted() {
    Path file = folder.resolve("group");
    try (Collective rank = file(file, group(7, "secret"), 0)) {
      EngineException over =
          assertThrows(EngineException.class, () -> file(file, group(6, "secret"), 1));

      assertEquals(
          "shared memory %s: group g, generation 6 is over: generation 7 has begun".formatted(file),
          over.getMessage());
      assertEquals(1, rank.refused());
    }
  }

  @Test
  void aNewerGenerationTakesTheFileAndEndsTheOlder() {
    Path file = folder.resolve("group");
    Collective old = file(file, group(7, "secret"), 0);
    try (Collective first = file(file, group(8, "secret"), 0)) {
      EngineException over = assertThrows(EngineException.class, () -> old.poll(0));
      old.close();

      assertEquals("group g, generation 7 is over: generation 8 has begun", over.getMessage());
      assertEquals(0, first.poll(0));
      assertTrue(Files.exists(file), "the file is the newer generation's now");
    }
    assertTrue(Files.exists(file), "rank 1 of generation 8 has yet to come");
  }

  @Test
  void aSecondProcessOfTheSameRankIsRefused() {
    Path file = folder.resolve("group");
    try (Collective rank = file(file, group(7, "secret"), 0)) {
      EngineException taken =
          assertThrows(EngineException.class, () -> file(file, group(7, "secret"), 0));

      assertEquals(
          "shared memory %s: group g, generation 7 already has its rank 0".formatted(file),
          taken.getMessage());
      assertEquals(1, rank.refused());
    }
  }

  @Test
  void theLastToLeaveRemovesTheFile() {
    Path file = folder.resolve("group");
    Collective first = file(file, group(7, "secret"), 0);
    Collective second = file(file, group(7, "secret"), 1);

    first.close();
    assertTrue(Files.exists(file));
    second.close();
    assertFalse(Files.exists(file));
  }

  @Test
  void aFileOfSomethingElseIsLeftAlone() throws IOException {
    Path file = folder.resolve("letters");
    Files.writeString(file, "a".repeat(1000));

    EngineException refusal =
        assertThrows(EngineException.class, () -> file(file, group(7, "secret"), 0));

    assertEquals(ErrorCode.INVALID_DATA, refusal.code());
    assertEquals("a".repeat(1000), Files.readString(file));
  }

  @Test
  void strangersAtThePortAreRefusedAndCountedAndTheSumGoesOn() {
    try (Udp udp = new Udp(folder)) {
      List<Collective> ranks = udp.group(group(7, "secret"));
      udp.operate(ranks, 1);

      ExclusivePublication noise = udp.stranger.publish(udp.addressOf(0));
      udp.until(() -> noise.offer(new UnsafeBuffer(new byte[100])) > 0);
      udp.until(() -> ranks.get(0).refused() == 1);
      udp.knock(group(7, "guess"));
      udp.until(() -> ranks.get(0).refused() == 2);

      udp.operate(ranks, 2);
      assertEquals(0, ranks.get(1).refused());
    }
  }

  @Test
  void anOlderGenerationIsRefusedAtThePortAndCounted() {
    try (Udp udp = new Udp(folder)) {
      List<Collective> ranks = udp.group(group(7, "secret"));

      udp.knock(group(6, "secret"));

      udp.until(() -> ranks.get(0).refused() == 1);
      udp.operate(ranks, 1);
    }
  }

  @Test
  void aNewerGenerationAtThePortEndsTheOlder() {
    try (Udp udp = new Udp(folder)) {
      List<Collective> ranks = udp.group(group(7, "secret"));

      udp.knock(group(8, "secret"));

      EngineException over = assertThrows(EngineException.class, () -> udp.until(() -> false));
      assertEquals("group g, generation 7 is over: generation 8 has begun", over.getMessage());
      EngineException told = assertThrows(EngineException.class, () -> pollFor(ranks.get(1)));
      assertEquals(over.getMessage(), told.getMessage());
    }
  }

  @Test
  void aRankThatNeverComesEndsTheGroup() {
    Patience patience = Patience.defaults();
    for (Collective rank : SharedCollective.ofThreads(group(7, "secret"), patience).subList(0, 1)) {
      rank.poll(0);
      long now = 0;
      EngineException end = null;
      while (end == null) {
        now += 1_000_000_000;
        try {
          rank.poll(now);
        } catch (EngineException e) {
          end = e;
        }
      }

      assertEquals(
          "group g, generation 7: rank 1 has not come within 60000 ms; rank 0 waited for it",
          end.getMessage());
    }
  }

  private static Group group(long generation, String secret) {
    return Group.of("g", generation, secret, 2, 2, 100);
  }

  private static Collective file(Path file, Group group, int rank) {
    return SharedCollective.ofFile(file, group, rank, Patience.defaults());
  }

  private static void pollFor(Collective rank) {
    for (long begunNs = System.nanoTime(); System.nanoTime() - begunNs < DEADLINE_NS; ) {
      rank.poll(System.nanoTime());
    }
  }

  /** Two ranks and a stranger, each with a media driver of its own, on one thread. */
  private static final class Udp implements AutoCloseable {
    private final AeronClient first;
    private final AeronClient second;
    private final AeronClient stranger;
    private final List<Collective> opened = new ArrayList<>();
    private List<Address> addresses = List.of();

    Udp(Path folder) {
      first = AeronClient.embedded(AeronSettings.ofHost(folder.resolve("first")));
      second = AeronClient.embedded(AeronSettings.ofHost(folder.resolve("second")));
      stranger = AeronClient.embedded(AeronSettings.ofHost(folder.resolve("stranger")));
    }

    List<Collective> group(Group group) {
      Listener one = first.listenUdp("127.0.0.1:0");
      Listener two = second.listenUdp("127.0.0.1:0");
      addresses = List.of(one.address(), two.address());
      opened.add(AeronCollective.of(group, 0, one, addresses, Patience.defaults()));
      opened.add(AeronCollective.of(group, 1, two, addresses, Patience.defaults()));
      return List.copyOf(opened);
    }

    Address addressOf(int rank) {
      return addresses.get(rank);
    }

    /** A rank 1 of another group comes, to the door of rank 0 alone. */
    void knock(Group other) {
      Listener nowhere = stranger.listenUdp("127.0.0.1:0");
      List<Address> doors = List.of(addresses.getFirst(), nowhere.address());
      opened.add(AeronCollective.of(other, 1, nowhere, doors, Patience.defaults()));
    }

    void operate(List<Collective> ranks, long number) {
      ranks.forEach(rank -> rank.allReduce(SLICES));
      until(() -> ranks.stream().allMatch(rank -> rank.completed() == number));
    }

    void until(BooleanSupplier holds) {
      long begunNs = System.nanoTime();
      while (!holds.getAsBoolean()) {
        assertTrue(System.nanoTime() - begunNs < DEADLINE_NS, "in time");
        stranger.invoke();
        opened.forEach(rank -> rank.poll(System.nanoTime()));
      }
    }

    @Override
    public void close() {
      opened.forEach(rank -> rank.abort("the test is over"));
      opened.forEach(Collective::close);
      List.of(first, second, stranger).forEach(AeronClient::close);
    }
  }
}
