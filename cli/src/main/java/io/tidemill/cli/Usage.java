package io.tidemill.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Sentences for what picocli refuses: the argument, what was expected, what was found. */
final class Usage {
  private Usage() {}

  static String sentence(ParameterException e) {
    return switch (e) {
      case UnmatchedArgumentException unmatched -> unmatched(unmatched);
      case MissingParameterException missing -> missing(missing);
      default -> wrongValue(e);
    };
  }

  private static String unmatched(UnmatchedArgumentException e) {
    CommandLine command = e.getCommandLine();
    String word = e.getUnmatched().getFirst();
    List<String> similar = e.getSuggestions();
    String hint =
        similar.isEmpty()
            ? "; see ./" + command.getCommandSpec().qualifiedName() + " --help"
            : "; did you mean " + String.join(" or ", similar) + "?";
    if (word.startsWith("-")) {
      return "unknown option " + word + " for " + command.getCommandName() + hint;
    }
    return command.getSubcommands().isEmpty()
        ? command.getCommandName() + " takes no argument \"" + word + "\"" + hint
        : "unknown command \""
            + word
            + "\"; expected one of "
            + String.join(", ", command.getSubcommands().keySet())
            + hint;
  }

  private static String missing(MissingParameterException e) {
    if (e.getMissing().isEmpty() || e.getMissing().getFirst() instanceof OptionSpec) {
      return plain(e);
    }
    String wanted =
        e.getMissing().stream().map(ArgSpec::paramLabel).collect(Collectors.joining(" "));
    CommandLine command = e.getCommandLine();
    return command.getCommandName()
        + " expects "
        + wanted
        + ", found nothing; see ./"
        + command.getCommandSpec().qualifiedName()
        + " --help";
  }

  private static String wrongValue(ParameterException e) {
    if (e.getArgSpec() == null || e.getValue() == null) {
      return plain(e);
    }
    String name =
        e.getArgSpec() instanceof OptionSpec option
            ? option.longestName()
            : e.getArgSpec().paramLabel();
    return name + " has to be " + kind(e.getArgSpec()) + ", found \"" + e.getValue() + "\"";
  }

  private static String kind(ArgSpec argument) {
    Class<?> type = argument.auxiliaryTypes()[0];
    if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
      return "a whole number";
    }
    return type == double.class ? "a number" : argument.paramLabel();
  }

  private static String plain(ParameterException e) {
    String message = e.getMessage();
    return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }
}
