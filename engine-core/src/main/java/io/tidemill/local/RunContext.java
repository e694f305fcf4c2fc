package io.tidemill.local;

import io.tidemill.connector.SplitReader;
import io.tidemill.device.Device;
import io.tidemill.operator.RestoredState;
import io.tidemill.task.Fetcher;
import io.tidemill.task.JobSignals;
import io.tidemill.task.Reports;
import io.tidemill.train.CheckpointPolicy;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the tasks of one attempt share.
 *
 * @param samples folder of the sample logs
 * @param gangs who works the ranks beside the first, where this process does not
 * @param checkpoint the state of each vertex, by id, in the checkpoint that is restored
 * @param fetchers makes what reads a split: with a thread of its own, or in place
 */
record RunContext(
    JobSignals signals,
    Reports reports,
    Device device,
    Path samples,
    CheckpointPolicy checkpointPolicy,
    long seed,
    Optional<Gangs> gangs,
    Optional<Function<String, RestoredState>> checkpoint,
    FetcherFactory fetchers,
    LongSupplier clockNs) {
  /** Makes the fetcher of a split. */
  @FunctionalInterface
  interface FetcherFactory {
    Fetcher fetcher(String name, Supplier<SplitReader<?>> opener);
  }
}
