package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill model}: what can be done with one version of a model. */
@Command(name = "model", description = "Check a published model version.")
final class ModelCommand implements Runnable {
  private static final String VERIFY = "verify";

  @Parameters(index = "0", paramLabel = "<name>", description = "Name of the model.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = VERIFY,
      description = "Read each file of the version and compare it with what was published.")
  String action = "";

  @Option(names = "--version", paramLabel = "V", description = "The version, the newest.")
  Optional<Integer> version = Optional.empty();

  @Mixin private final StateArgument state = new StateArgument();

  private final Console console;

  ModelCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (!action.equals(VERIFY)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "model expects what to do, " + VERIFY + ", found \"" + action + "\"");
    }
    ModelStore store = ModelStore.in(state.directory());
    StoredModel model =
        version.map(number -> store.open(name, number)).orElseGet(() -> store.latest(name));
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
}
