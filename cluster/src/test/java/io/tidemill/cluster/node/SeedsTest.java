package io.tidemill.cluster.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.cluster.node.KnownMembers.Known;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SeedsTest {
  @Test
  void headAloneFoundsAtOnce() {
    assertEquals(
        new Seeds(List.of("a:1"), 500), Seeds.of("a:1", List.of(), List.of(), Optional.empty()));
  }

  @Test
  void ofHeadsThatStartTogetherOnlyOneMayFound() {
    assertEquals(
        new Seeds(List.of("a:1", "b:1", "c:1"), 5_000),
        Seeds.of("a:1", List.of("b:1", "c:1"), List.of(), Optional.empty()));
    assertEquals(
        new Seeds(List.of("a:1", "c:1"), 500),
        Seeds.of("b:1", List.of("a:1", "c:1"), List.of(), Optional.empty()));
  }

  @Test
  void headThatIsStartedAgainJoinsWhomItKnewBeforeItFounds() {
    List<Known> before = List.of(new Known("a:1", false), new Known("h:1", true));

    assertEquals(
        new Seeds(List.of("h:1", "a:1"), 10_000),
        Seeds.of("h:1", List.of(), before, Optional.empty()));
  }

  @Test
  void ofSeveralHeadsThatAreStartedAgainOnlyOneMayFound() {
    List<Known> before =
        List.of(new Known("a:1", false), new Known("g:1", true), new Known("h:1", true));

    assertEquals(
        new Seeds(List.of("g:1", "a:1"), 500),
        Seeds.of("h:1", List.of("g:1"), before, Optional.empty()));
    assertEquals(
        new Seeds(List.of("g:1", "h:1", "a:1"), 10_000),
        Seeds.of("g:1", List.of("h:1"), before, Optional.empty()));
  }

  @Test
  void headFoundsNothingWhileAnotherDecidesThoughItMayReachNobody() {
    List<Known> before = List.of(new Known("a:1", false), new Known("g:1", true));

    assertEquals(
        new Seeds(List.of("a:1"), 500),
        Seeds.of("g:1", List.of(), before, Optional.of("h:1")),
        "another decides");
    assertEquals(
        new Seeds(List.of("h:1", "a:1"), 500),
        Seeds.of("g:1", List.of("h:1"), before, Optional.of("g:1")),
        "another may be taking over");
    assertEquals(
        new Seeds(List.of("g:1", "a:1"), 10_000),
        Seeds.of("g:1", List.of(), before, Optional.of("g:1")),
        "there is no other head");
  }
}
