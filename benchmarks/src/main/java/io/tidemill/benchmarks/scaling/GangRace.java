package io.tidemill.benchmarks.scaling;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Contender.Start;
import io.tidemill.benchmarks.contender.Windows;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Formations that train the same network in turns, round by round, so that noise of the machine
 * hits all alike; the median of a formation's windows counts.
 */
final class GangRace implements AutoCloseable {
  private static final int ROUNDS = 5;

  private final String network;
  private final double warmUpSeconds;
  private final Consumer<String> tell;
  private final Map<Formation, Contender> contenders = new EnumMap<>(Formation.class);
  private final Map<Formation, Windows> rates = new EnumMap<>(Formation.class);

  /**
   * Starts the processes.
   *
   * @param warmUpSeconds of each formation before it is measured: every process has its own
   *     just-in-time compiler, on the core that it trains on
   */
  GangRace(
      String network,
      Set<Formation> formations,
      Path folder,
      Cores cores,
      double warmUpSeconds,
      Consumer<String> tell) {
    this.network = network;
    this.warmUpSeconds = warmUpSeconds;
    this.tell = tell;
    try {
      for (Formation formation : formations) {
        contenders.put(formation, start(formation, folder, cores));
        rates.put(formation, new Windows());
      }
    } catch (EngineException e) {
      close();
      throw e;
    }
  }

  /** Steps per second of each formation. */
  Map<Formation, Double> run(double windowSeconds) {
    contenders.forEach(
        (formation, contender) -> {
          tell.accept("%s: warming up".formatted(formation.caseName(network)));
          contender.rate(warmUpSeconds);
        });
    for (int round = 1; round <= ROUNDS; round++) {
      contenders.forEach(
          (formation, contender) -> rates.get(formation).add(contender.rate(windowSeconds)));
      tell.accept("%s: round %d of %d".formatted(network, round, ROUNDS));
    }
    rates.forEach((formation, windows) -> tell.accept(sentence(formation, windows)));
    Map<Formation, Double> medians = new EnumMap<>(Formation.class);
    rates.forEach((formation, windows) -> medians.put(formation, windows.median()));
    return medians;
  }

  @Override
  public void close() {
    contenders.values().forEach(Contender::close);
  }

  private Contender start(Formation formation, Path folder, Cores cores) {
    String name = formation.caseName(network);
    return switch (Contender.start(
        name,
        TrainingProcess.command(network, formation, folder, cores, 0),
        Map.of(),
        folder.resolve(name + ".log"))) {
      case Start.Ready(Contender contender) -> contender;
      case Start.Absent(String reason) ->
          throw new EngineException(ErrorCode.RESOURCE, "bench scaling cannot run: " + reason);
    };
  }

  private String sentence(Formation formation, Windows windows) {
    return String.format(
        Locale.ROOT,
        "%s: %d on a core each, %.1f steps/s (%.1f to %.1f)",
        formation.caseName(network),
        formation.processes(),
        windows.median(),
        windows.least(),
        windows.most());
  }
}
