package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.AeronSettings;
import io.tidemill.transport.aeron.Listener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * One rank in a process of its own: LANE FOLDER RANK RANKS OPERATIONS.
 *
 * <p>Says {@code address CHANNEL STREAM} and reads those of all, where the lane has them; {@code
 * sum HASH} after its first sum; then goes on for so many operations and says {@code done}, or
 * {@code ended SENTENCE} where the group ends before.
 */
final class RankProcess {
  static final int LEAVES = 5;
  static final int FLOATS = 300_001;
  static final int SEED = 11;
  static final Duration SILENCE = Duration.ofMillis(2500);

  private RankProcess() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[1]);
    int rank = Integer.parseInt(args[2]);
    Group group = group(Integer.parseInt(args[3]));
    Patience patience = new Patience(Duration.ofSeconds(30), SILENCE);
    switch (args[0]) {
      case "FILE" -> {
        try (Collective own =
            SharedCollective.ofFile(folder.resolve("group"), group, rank, patience)) {
          run(own, Long.parseLong(args[4]));
        }
      }
      case "IPC" -> {
        AeronSettings settings = AeronSettings.ofHost(folder.resolve("aeron"));
        try (AeronClient client =
                rank == 0 ? AeronClient.embedded(settings) : AeronClient.ofDirectory(settings);
            Collective own = over(client, client.listenIpc(), group, rank, patience)) {
          run(own, Long.parseLong(args[4]));
        }
      }
      default -> {
        Path directory = folder.resolve("aeron-" + rank);
        try (AeronClient client = AeronClient.embedded(AeronSettings.ofHost(directory));
            Collective own = over(client, client.listenUdp("127.0.0.1:0"), group, rank, patience)) {
          run(own, Long.parseLong(args[4]));
        }
      }
    }
  }

  static Group group(int ranks) {
    return Group.of("processes", 3, "secret", ranks, LEAVES, FLOATS);
  }

  /** Of the sum that all must have. */
  static int hashOfOracle() {
    float[][] vectors = Vectors.random(LEAVES, FLOATS, SEED);
    float[] sum = new float[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
      sum[i] = Vectors.treeSum(vectors, 0, LEAVES, i);
    }
    return Arrays.hashCode(sum); // by bits, with one NaN
  }

  private static Collective over(
      AeronClient client, Listener listener, Group group, int rank, Patience patience)
      throws IOException {
    say("address " + listener.address().channel() + " " + listener.address().stream());
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (!in.ready()) {
      client.invoke(); // who runs the driver serves those who connect
      LockSupport.parkNanos(100_000);
    }
    List<Address> addresses = new ArrayList<>();
    for (int i = 0; i < group.ranks(); i++) {
      String[] words = in.readLine().split(" ", -1);
      addresses.add(new Address(words[1], Integer.parseInt(words[2])));
    }
    return AeronCollective.of(group, rank, listener, addresses, patience);
  }

  private static void run(Collective own, long count) {
    float[][] vectors = Vectors.random(LEAVES, FLOATS, SEED);
    Group group = own.group();
    for (int leaf = group.firstLeaf(own.rank()); leaf < group.firstLeaf(own.rank() + 1); leaf++) {
      Vectors.put(vectors[leaf], own.contribution(leaf));
    }
    Slices slices = Slices.even(0, FLOATS, group.ranks());
    try {
      await(own, own.allReduce(slices));
      say("sum " + Arrays.hashCode(own.values().toArray(ValueLayout.JAVA_FLOAT)));
      for (long i = 1; i < count; i++) {
        await(own, own.allReduce(slices));
      }
      say("done");
    } catch (EngineException e) {
      say("ended " + e.getMessage());
    }
  }

  private static void await(Collective own, long number) {
    while (own.completed() < number) {
      if (own.poll(System.nanoTime()) == 0) {
        LockSupport.parkNanos(1000);
      }
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
