package io.tidemill.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codecs;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.codec.KeyGroups;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KeyedStateStoreTest {
  private static final int KEYS = 500;

  record Visit(long atMs, double amount) {}

  /** A store as an operator declares it. */
  private static final class Cards {
    final KeyedStateStore<String> store;
    final ValueState<Long> total;
    final ListState<Visit> visits;
    final MapState<String, Integer> terminals;

    Cards(KeyGroupRange range) {
      store = new KeyedStateStore<>("operator cards", Codecs.of(String.class), range);
      visits = store.list("visits", Codecs.of(Visit.class));
      total = store.value("total", Codecs.of(Long.class));
      terminals = store.map("terminals", Codecs.of(String.class), Codecs.of(Integer.class));
    }

    void visit(int number) {
      String card = "card-" + number % KEYS;
      store.select(card);
      total.set(total.orElse(0L) + number);
      visits.add(new Visit(number, number / 2.0));
      terminals.put("t" + number % 7, number);
      store.timers().register(number % 50, card);
    }

    byte[] snapshot() {
      ByteWriter out = new ByteWriter();
      store.snapshot(out);
      return out.toByteArray();
    }

    static Cards restored(KeyGroupRange range, List<byte[]> parts) {
      Cards cards = new Cards(range);
      cards.store.restore(parts);
      return cards;
    }

    static List<byte[]> rescaled(List<byte[]> parts, int parallelism) {
      return IntStream.range(0, parallelism)
          .mapToObj(subtask -> restored(KeyGroups.rangeOf(subtask, parallelism), parts).snapshot())
          .toList();
    }
  }

  @Test
  void keepsStatePerKey() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.store.select("a");
    cards.total.set(1L);
    cards.visits.add(new Visit(5, 1.0));

    cards.store.select("b");

    assertFalse(cards.total.isPresent());
    assertTrue(cards.visits.isEmpty());
    assertEquals(0, cards.terminals.size());
  }

  @Test
  void servesAListAsAQueue() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.store.select("a");
    for (int i = 0; i < 10; i++) {
      cards.visits.add(new Visit(i, i));
      if (i % 2 == 1) {
        assertEquals(i / 2, cards.visits.removeFirst().atMs());
      }
    }

    List<Long> times = new ArrayList<>();
    cards.visits.forEach(visit -> times.add(visit.atMs()));

    assertEquals(List.of(5L, 6L, 7L, 8L, 9L), times);
    assertEquals(5, cards.visits.size());
    assertEquals(5, cards.visits.first().atMs());
    assertEquals(9, cards.visits.last().atMs());
    assertEquals(7, cards.visits.get(2).atMs());
  }

  @Test
  void refusesToReadAnEmptyList() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.store.select("a");

    assertThrows(NoSuchElementException.class, cards.visits::removeFirst);
  }

  @Test
  void visitsMapsInOrderOfInsertionAfterARestoreToo() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.store.select("a");
    List.of("z", "b", "y", "a").forEach(terminal -> cards.terminals.put(terminal, 1));

    Cards restored = Cards.restored(KeyGroupRange.ALL, List.of(cards.snapshot()));

    restored.store.select("a");
    List<String> order = new ArrayList<>();
    restored.terminals.forEach((terminal, count) -> order.add(terminal));
    assertEquals(List.of("z", "b", "y", "a"), order);
  }

  @Test
  void forgetsWhatWasCleared() {
    byte[] empty = new Cards(KeyGroupRange.ALL).snapshot();
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.visit(3);

    cards.total.clear();
    cards.visits.removeFirst();
    cards.terminals.remove("t3");
    cards.store.timers().delete(3, "card-3");

    assertArrayEquals(empty, cards.snapshot());
  }

  @Test
  void givesEqualBytesForEqualState() {
    Cards forward = new Cards(KeyGroupRange.ALL);
    Cards shuffled = new Cards(KeyGroupRange.ALL);
    List<Integer> numbers = new ArrayList<>(IntStream.range(0, KEYS).boxed().toList());

    numbers.forEach(forward::visit);
    Collections.shuffle(numbers, new Random(17));
    numbers.forEach(shuffled::visit);

    assertArrayEquals(forward.snapshot(), shuffled.snapshot());
  }

  @Test
  void restoresAtAnotherParallelismWithoutLosingOrDoublingAnything() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    IntStream.range(0, 4 * KEYS).forEach(cards::visit);
    byte[] before = cards.snapshot();

    List<byte[]> three = Cards.rescaled(List.of(before), 3);
    List<byte[]> two = Cards.rescaled(three, 2);
    List<byte[]> one = Cards.rescaled(two, 1);

    assertArrayEquals(before, one.getFirst());
    assertTrue(two.stream().allMatch(part -> part.length > before.length / 3));
  }

  @Test
  void firesRestoredTimersAsIfNothingHadHappened() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    IntStream.range(0, 4 * KEYS).forEach(cards::visit);
    List<byte[]> three = Cards.rescaled(List.of(cards.snapshot()), 3);
    Cards restored = Cards.restored(KeyGroupRange.ALL, three);

    assertEquals(fired(cards), fired(restored));
  }

  @Test
  void refusesAStateThatWasStoredWithAnotherSchema() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.visit(1);
    KeyedStateStore<String> changed =
        new KeyedStateStore<>("operator cards", Codecs.of(String.class), KeyGroupRange.ALL);
    changed.value("total", Codecs.of(Integer.class));
    changed.list("visits", Codecs.of(Visit.class));
    changed.map("terminals", Codecs.of(String.class), Codecs.of(Integer.class));

    EngineException refused =
        assertThrows(EngineException.class, () -> changed.restore(List.of(cards.snapshot())));

    assertEquals(ErrorCode.INVALID_DATA, refused.code());
    assertEquals(
        "operator cards: stored state has state total as VALUE of long but the operator declares"
            + " VALUE of int; restore with the code that wrote it, or start a new run",
        refused.getMessage());
  }

  @Test
  void refusesAStateThatIsNotDeclaredAnyMore() {
    byte[] part = new Cards(KeyGroupRange.ALL).snapshot();
    KeyedStateStore<String> changed =
        new KeyedStateStore<>("operator cards", Codecs.of(String.class), KeyGroupRange.ALL);

    EngineException refused =
        assertThrows(EngineException.class, () -> changed.restore(List.of(part)));

    assertTrue(refused.getMessage().contains("has a state terminals, which the operator does not"));
  }

  @Test
  void refusesBytesThatAreCutOff() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    IntStream.range(0, 20).forEach(cards::visit);
    byte[] whole = cards.snapshot();

    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(EngineException.class, () -> Cards.restored(KeyGroupRange.ALL, List.of(cut)));
    }
  }

  @Test
  void refusesAPartThatIsGivenTwice() {
    Cards cards = new Cards(KeyGroupRange.ALL);
    cards.visit(1);
    byte[] part = cards.snapshot();

    EngineException refused =
        assertThrows(
            EngineException.class, () -> Cards.restored(KeyGroupRange.ALL, List.of(part, part)));

    assertEquals(ErrorCode.CORRUPT_STATE, refused.code());
  }

  @Test
  void refusesAccessWithoutAKey() {
    Cards cards = new Cards(KeyGroupRange.ALL);

    EngineException refused = assertThrows(EngineException.class, cards.total::get);

    assertEquals(ErrorCode.USER_CODE, refused.code());
  }

  @Test
  void refusesTwoStatesOfOneNameAndKeysWithArrays() {
    Cards cards = new Cards(KeyGroupRange.ALL);

    assertThrows(EngineException.class, () -> cards.store.value("visits", Codecs.of(Long.class)));
    assertThrows(
        EngineException.class,
        () -> new KeyedStateStore<>("operator x", Codecs.of(byte[].class), KeyGroupRange.ALL));
  }

  private static List<String> fired(Cards cards) {
    List<String> fired = new ArrayList<>();
    cards.store.timers().fire(40, Integer.MAX_VALUE, (at, key) -> fired.add(at + " " + key));
    return fired;
  }
}
