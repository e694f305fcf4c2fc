package io.tidemill.cli;

import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.ModelTable;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemill models}: what has been published. */
@Command(description = "List the published model versions.")
final class ModelsCommand implements Runnable {
  @Mixin private final StateArgument state = new StateArgument();

  @Option(names = "--json", description = "Print an array of objects instead of a table.")
  boolean isJson;

  private final Console console;

  ModelsCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    List<StoredModel> models = ModelStore.in(state.directory()).list();
    if (isJson) {
      console.out().println(ModelTable.json(models));
    } else if (models.isEmpty()) {
      console.out().println("no models in " + state.directory());
    } else {
      console.out().print(ModelTable.text(models));
    }
  }
}
