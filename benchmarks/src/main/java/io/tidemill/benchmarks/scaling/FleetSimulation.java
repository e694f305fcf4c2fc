package io.tidemill.benchmarks.scaling;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A discrete-event simulation of training steps on a {@link Fleet}.
 *
 * <pre>
 *   every rank   its shards, one after the other, each of a duration that is drawn
 *   host         all its ranks have done theirs; they sum the gradients of the host, a part each
 *   leader       sends each other host its slice of that sum          (reduce-scatter)
 *   host         has the parts of all hosts; its ranks update its slice, a part each
 *   leader       sends its slice to each other host                   (all-gather)
 *   host         has all slices; each rank copies them; the next step
 * </pre>
 *
 * <p>Host h sends first to host h + 1, then to h + 2, and so on (pairwise exchange; Thakur,
 * Rabenseifner, Gropp 2005). A host sends one message at a time and receives one at a time. Nothing
 * waits for anything but what is said here.
 */
final class FleetSimulation {
  private final Fleet fleet;
  private final int steps;
  private final SplittableRandom random;
  private final EventQueue events = new EventQueue();
  private final List<Host> hosts;

  private FleetSimulation(Fleet fleet, int steps, long seed) {
    this.fleet = fleet;
    this.steps = steps;
    this.random = new SplittableRandom(seed);
    this.hosts = IntStream.range(0, fleet.hosts()).mapToObj(Host::new).toList();
  }

  /** The rate over so many steps. The same seed gives the same rate. */
  static double stepsPerSecond(Fleet fleet, int steps, long seed) {
    FleetSimulation simulation = new FleetSimulation(fleet, steps, seed);
    simulation.hosts.forEach(Host::beginStep);
    simulation.events.run();
    return steps / simulation.events.now();
  }

  /** What a host does; its first rank leads it. */
  private final class Host {
    private final int index;
    private Phase phase = Phase.COMPUTE;
    private int step;

    /** Messages that have come since the beginning: parts of its slice, and slices of others. */
    private int parts;

    private int slices;
    private boolean isSending;
    private double receivesUntil;

    Host(int index) {
      this.index = index;
    }

    void beginStep() {
      phase = Phase.COMPUTE;
      events.in(shardSeconds() + fleet.meetingSeconds() + sumSeconds(), () -> send(Phase.REDUCE));
    }

    private void send(Phase next) {
      phase = next;
      isSending = true;
      sendTo(1);
    }

    /** To the host that is so many further, and to those behind it. */
    private void sendTo(int distance) {
      if (distance == fleet.hosts()) {
        isSending = false;
        goOn();
        return;
      }
      Host other = hosts.get((index + distance) % fleet.hosts());
      double begin = Math.max(events.now(), other.receivesUntil);
      other.receivesUntil = begin + fleet.wire().seconds(fleet.hostSliceBytes());
      Phase kind = phase;
      events.at(
          other.receivesUntil,
          () -> {
            other.receive(kind);
            sendTo(distance + 1);
          });
    }

    private void receive(Phase kind) {
      if (kind == Phase.REDUCE) {
        parts++;
      } else {
        slices++;
      }
      goOn();
    }

    private void goOn() {
      int expected = (fleet.hosts() - 1) * (step + 1);
      if (phase == Phase.REDUCE && !isSending && parts >= expected) {
        phase = Phase.UPDATE;
        events.in(updateSeconds(), () -> send(Phase.GATHER));
      } else if (phase == Phase.GATHER && !isSending && slices >= expected) {
        phase = Phase.COPY;
        events.in(copySeconds(), this::endStep);
      }
    }

    private void endStep() {
      step++;
      if (step < steps) {
        beginStep();
      }
    }
  }

  private enum Phase {
    COMPUTE,
    REDUCE,
    UPDATE,
    GATHER,
    COPY
  }

  /** Until the slowest rank of a host has done its shards. */
  private double shardSeconds() {
    double slowest = 0;
    for (int rank = 0; rank < fleet.ranks(); rank++) {
      double seconds = 0;
      for (int shard = 0; shard < fleet.shardsPerRank(); shard++) {
        seconds += fleet.parts().shard().draw(random);
      }
      slowest = Math.max(slowest, seconds);
    }
    return slowest;
  }

  /** Of the host's shards; each rank sums its part of the arena. One gradient is its own sum. */
  private double sumSeconds() {
    int shards = fleet.ranks() * fleet.shardsPerRank();
    double bytes = (double) fleet.bytes() / fleet.ranks() * shards;
    double summing = shards == 1 ? 0 : bytes * fleet.parts().sumSecondsPerByte();
    return summing + leaderSeconds();
  }

  private double updateSeconds() {
    return fleet.rankSliceBytes() * fleet.parts().updateSecondsPerByte() + fleet.meetingSeconds();
  }

  private double copySeconds() {
    double bytes = fleet.bytes() - fleet.rankSliceBytes();
    return leaderSeconds() + bytes * fleet.parts().copySecondsPerByte();
  }

  /** From the ranks of a host to its leader, or back; nobody leads where there is one host. */
  private double leaderSeconds() {
    return fleet.hosts() == 1 ? 0 : fleet.meetingSeconds();
  }
}
