package io.tidemill.benchmarks.scaling;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A discrete-event simulation of training steps on a {@link Fleet}, as docs/design/0010 and 0012
 * have them.
 *
 * <pre>
 *   every rank   its shards, one after the other, each of a duration that is drawn
 *   mirror       all ranks of the host have done theirs: for each other host it sums
 *                what they have given for the slice of that host, and sends it  (reduce-scatter)
 *   every rank   the host has the sums of all others: sums and updates its slice
 *   mirror       all ranks of the host have: sends the host's slice to each other  (all-gather)
 *   every rank   the host has all slices: the next step
 * </pre>
 *
 * <p>A mirror is one thread of a host. That of host h sends first to host h + 1, then to h + 2, and
 * so on; it sends one message at a time, and a host receives one at a time. Nothing waits for
 * anything but what is said here.
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

  /** What a host is doing, or waits to have done. */
  private enum Phase {
    COMPUTE,
    REDUCE,
    UPDATE,
    GATHER
  }

  /** The ranks of a host and its mirror. */
  private final class Host {
    private final int index;
    private Phase phase = Phase.COMPUTE;
    private int step;

    /** Messages that have come since the beginning: sums for its slice, and slices of others. */
    private int sums;

    private int slices;
    private boolean isSending;
    private double receivesUntil;

    Host(int index) {
      this.index = index;
    }

    void beginStep() {
      phase = Phase.COMPUTE;
      events.in(shardSeconds() + fleet.meetingSeconds(), () -> send(Phase.REDUCE));
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
      } else if (phase == Phase.REDUCE && fleet.shardsPerHost() > 1) {
        events.in(fleet.sumSeconds(fleet.hostSliceBytes()), () -> transmit(distance));
      } else {
        transmit(distance);
      }
    }

    private void transmit(int distance) {
      Host other = hosts.get((index + distance) % fleet.hosts());
      double begin = Math.max(events.now(), other.receivesUntil);
      other.receivesUntil = begin + fleet.messageSeconds();
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
        sums++;
      } else {
        slices++;
      }
      goOn();
    }

    private void goOn() {
      int expected = (fleet.hosts() - 1) * (step + 1);
      if (phase == Phase.REDUCE && !isSending && sums >= expected) {
        phase = Phase.UPDATE;
        events.in(fleet.arrivalSeconds() + updateSeconds(), () -> send(Phase.GATHER));
      } else if (phase == Phase.GATHER && !isSending && slices >= expected) {
        phase = Phase.COMPUTE;
        events.in(fleet.arrivalSeconds(), this::endStep);
      }
    }

    private void endStep() {
      step++;
      if (step < steps) {
        beginStep();
      }
    }
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

  /** Adding what other hosts have sent is in the beta of the wire. */
  private double updateSeconds() {
    double bytes = fleet.rankSliceBytes();
    return fleet.sumSeconds(bytes)
        + bytes * fleet.parts().updateSecondsPerByte()
        + fleet.meetingSeconds();
  }
}
