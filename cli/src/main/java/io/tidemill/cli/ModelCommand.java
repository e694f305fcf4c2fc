package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.ProgramTable;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import io.tidemill.program.ProgramJson;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill model}: what can be done with one version of a model. */
@Command(description = "Check or explain a published model version.")
final class ModelCommand implements Runnable {
  private static final String VERIFY = "verify";
  private static final String EXPLAIN = "explain";

  @Parameters(index = "0", paramLabel = "<name>", description = "Name of the model.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = VERIFY + "|" + EXPLAIN,
      description = {
        "verify: read each file of the version and compare it with what was published.",
        "explain: print its operations with shapes, bytes and FLOPs."
      })
  String action = "";

  @Option(names = "--version", paramLabel = "V", description = "The version, the newest.")
  Optional<Integer> version = Optional.empty();

  @Option(names = "--rows", paramLabel = "N", description = "explain: samples at once, 1.")
  int rows = 1;

  @Mixin private final StateArgument state = new StateArgument();

  private final Console console;

  ModelCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    ModelStore store = ModelStore.in(state.directory());
    Supplier<StoredModel> model =
        () -> version.map(number -> store.open(name, number)).orElseGet(() -> store.latest(name));
    switch (action) {
      case VERIFY -> verify(model.get());
      case EXPLAIN -> explain(model.get());
      default ->
          throw new EngineException(
              ErrorCode.INVALID_ARGUMENT,
              "model expects what to do, verify or explain, found \"" + action + "\"");
    }
  }

  private void verify(StoredModel model) {
    model.verifyWeights();
    console
        .out()
        .printf(
            "%s version %d is whole: %d files, weightsSha256 %s, in %s%n",
            model.name(),
            model.version(),
            1 + model.description().files().size(),
            model.description().weightsSha256(),
            model.folder());
  }

  private void explain(StoredModel model) {
    if (rows < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--rows expected a number of at least 1, found " + rows);
    }
    console.out().printf("model       %s version %d%n", model.name(), model.version());
    console.out().print(ProgramTable.text(ProgramJson.read(model.program()), rows));
  }
}
