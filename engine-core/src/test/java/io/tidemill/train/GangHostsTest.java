package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GangHostsTest {
  @Test
  void eachHostHasARunOfRanks() {
    GangHosts hosts = GangHosts.parse("2+1+3");

    assertEquals(3, hosts.count());
    assertEquals(6, hosts.allRanks());
    assertEquals(
        List.of(0, 2, 3, 6),
        List.of(first(hosts, 0), first(hosts, 1), first(hosts, 2), first(hosts, 3)));
    assertEquals(
        List.of(0, 0, 1, 2, 2, 2),
        java.util.stream.IntStream.range(0, 6).map(hosts::hostOf).boxed().toList());
    assertEquals("2+1+3", hosts.toString());
  }

  @Test
  void ranksThatATrainingHasNoShardsForAreLeftOut() {
    assertEquals("2+1", GangHosts.parse("2+1+3").atMost(3).toString());
    assertEquals("2+1+1", GangHosts.parse("2+1+3").atMost(4).toString());
    assertEquals("1", GangHosts.parse("2+1").atMost(1).toString());
    assertEquals("2+1", GangHosts.parse("2+1").atMost(8).toString());
  }

  @Test
  void aHostWithoutRanksIsRefused() {
    assertEquals(
        "each host of a gang has at least one rank, found [2, 0]",
        assertThrows(EngineException.class, () -> GangHosts.parse("2+0")).getMessage());
  }

  private static int first(GangHosts hosts, int host) {
    return hosts.firstRank(host);
  }
}
