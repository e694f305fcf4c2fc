package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.release.Release;
import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.AeronSettings;
import io.tidemill.transport.aeron.Listener;
import io.tidemill.transport.collective.AeronCollective;
import io.tidemill.transport.collective.Collective;
import io.tidemill.transport.collective.Group;
import io.tidemill.transport.collective.Patience;
import io.tidemill.transport.collective.SharedCollective;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * One rank of our side, in a process of its own: LANE RANKS BYTES FOLDER RANK.
 *
 * <p>Rank 0 starts the others and answers the benchmark; the others end with it.
 */
public final class OwnRank {
  private static final Patience PATIENCE =
      new Patience(Duration.ofMinutes(1), Duration.ofSeconds(10));

  private final Lane lane;
  private final Group group;
  private final Path meeting;

  private OwnRank(Lane lane, int ranks, int bytes, Path meeting) {
    this.lane = lane;
    this.group = RankLoop.group(ranks, bytes / Float.BYTES);
    this.meeting = meeting;
  }

  public static void main(String[] args) throws IOException {
    Lane lane = Lane.labelled(args[0]);
    int ranks = Integer.parseInt(args[1]);
    Size size = new Size(args[2] + " bytes", Integer.parseInt(args[2]));
    Path meeting = Path.of(args[3]);
    int rank = Integer.parseInt(args[4]);
    OwnRank own = new OwnRank(lane, ranks, size.bytes(), meeting);
    if (rank > 0) {
      endWithStandardInput();
      own.open(rank, collective -> new RankLoop(collective).obey());
      return;
    }
    if (lane == Lane.THREADS) {
      own.answerForThreads();
      return;
    }
    for (int other = 1; other < ranks; other++) {
      new ProcessBuilder(command(lane, ranks, size, meeting, other))
          .redirectError(meeting.resolve("rank-" + other + ".log").toFile())
          .start();
    }
    own.open(0, OwnRank::answer);
  }

  /** What starts a rank: a JVM as this one is. */
  static List<String> command(Lane lane, int ranks, Size size, Path meeting, int rank) {
    return JavaCommand.of(OwnRank.class, lane.label(), ranks, size.bytes(), meeting, rank);
  }

  /** What a rank does with its collective. */
  private interface Work {
    void with(Collective collective) throws IOException;
  }

  private void open(int rank, Work work) throws IOException {
    if (lane == Lane.ARENA) {
      Path file = meeting.resolve("arena");
      try (Collective own = SharedCollective.ofFile(file, group, rank, PATIENCE)) {
        work.with(own);
      }
      return;
    }
    boolean isUdp = lane == Lane.UDP;
    Path directory = meeting.resolve(isUdp ? "aeron-" + rank : "aeron");
    AeronSettings settings = AeronSettings.ofHost(directory);
    boolean isEmbedded = isUdp || rank == 0;
    try (AeronClient client =
            isEmbedded ? AeronClient.embedded(settings) : AeronClient.ofDirectory(settings);
        Collective own = meet(client, rank)) {
      work.with(own);
    }
  }

  /** Ranks write where they listen into files, and read those of the others. */
  private Collective meet(AeronClient client, int rank) throws IOException {
    Listener listener = lane == Lane.UDP ? client.listenUdp("127.0.0.1:0") : client.listenIpc();
    Address own = listener.address();
    Path draft = meeting.resolve("draft-" + rank);
    Files.writeString(draft, own.channel() + " " + own.stream());
    Files.move(draft, meeting.resolve("address-" + rank), StandardCopyOption.ATOMIC_MOVE);
    List<Address> addresses = new ArrayList<>();
    for (int other = 0; other < group.ranks(); other++) {
      Path file = meeting.resolve("address-" + other);
      while (!Files.exists(file)) {
        client.invoke(); // who runs the driver serves those who connect
        LockSupport.parkNanos(100_000);
      }
      String[] words = Files.readString(file).split(" ", -1);
      addresses.add(new Address(words[0], Integer.parseInt(words[1])));
    }
    return AeronCollective.of(group, rank, listener, addresses, PATIENCE);
  }

  private void answerForThreads() throws IOException {
    List<Collective> ranks = SharedCollective.ofThreads(group, PATIENCE);
    for (Collective other : ranks.subList(1, ranks.size())) {
      Thread.ofPlatform().daemon().start(() -> new RankLoop(other).obey());
    }
    answer(ranks.getFirst());
  }

  /** Rank 0's loop has a thread of its own: it polls while the benchmark says nothing. */
  private static void answer(Collective collective) throws IOException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    RankLoop loop = new RankLoop(collective);
    Responder responder = new Responder(out, loop::rate);
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                responder.serve("tidemill", Release.version(), System.in);
              } catch (IOException e) {
                out.println("failed " + e.getMessage());
              }
              loop.stop();
            });
    loop.lead();
  }

  private static void endWithStandardInput() {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                System.in.transferTo(PrintStream.nullOutputStream());
              } catch (IOException e) {
                // The rank that started this one is gone, as with the end of the input.
              }
              Runtime.getRuntime().halt(0);
            });
  }
}
