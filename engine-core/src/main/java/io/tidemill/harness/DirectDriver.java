package io.tidemill.harness;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.operator.Operator;
import io.tidemill.operator.Output;
import io.tidemill.operator.StatePart;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Supplier;

/** Calls an operator in the order of its protocol; on request, each time another instance. */
final class DirectDriver implements AutoCloseable {
  private final Supplier<? extends Operator> operators;
  private final OperatorHarness.Collector collector;
  private final Output output;
  private final boolean restores;
  private Operator operator;
  private long checkpoint;

  DirectDriver(
      Supplier<? extends Operator> operators,
      OperatorHarness.Collector collector,
      boolean restores) {
    this.operators = operators;
    this.collector = collector;
    this.output = collector::emit;
    this.restores = restores;
    this.operator = open();
  }

  void process(Item item) {
    replace();
    operator.advance(item.key(), output);
    replace();
    operator.process(item, output);
    work();
  }

  void end() {
    replace();
    operator.advance(OrderKey.MAX, output);
    replace();
    operator.end(output);
    work();
    replace();
    operator.snapshot(++checkpoint);
    operator.committed(checkpoint);
    operator.finish();
  }

  @Override
  public void close() {
    operator.close();
  }

  private Operator open() {
    Operator fresh = operators.get();
    fresh.open(collector.context());
    return fresh;
  }

  private void work() {
    while (operator.isBusy()) {
      operator.work(output);
    }
  }

  /** Lets a new instance take over, as after a kill right behind a committed checkpoint. */
  private void replace() {
    if (!restores) {
      return;
    }
    try {
      Path folder = Files.createTempDirectory("operator-harness");
      try {
        replace(folder);
      } finally {
        DurableFiles.deleteTree(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replace(Path folder) throws IOException {
    List<StatePart> parts = operator.snapshot(++checkpoint);
    for (StatePart part : parts) {
      try (FileChannel file =
          FileChannel.open(
              folder.resolve(part.kind()),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE)) {
        part.content().writeTo(file);
      }
    }
    operator.committed(checkpoint);
    operator.close();
    operator = open();
    operator.restore(
        kind -> {
          Path file = folder.resolve(kind);
          return Files.exists(file) ? List.of(file) : List.of();
        });
  }
}
