package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.serve.Question.Form;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A load of {@code bench serve}.
 *
 * @param form how tensors travel
 * @param connections each sends its next request when it has its answer
 */
record ServeCase(Form form, int connections) {
  private static final int[] CONNECTIONS = {1, 8, 32, 128};

  /** All, in the order in which they are measured. */
  static final List<ServeCase> ALL =
      Stream.of(Form.BINARY, Form.JSON)
          .flatMap(form -> IntStream.of(CONNECTIONS).mapToObj(count -> new ServeCase(form, count)))
          .toList();

  static List<String> names() {
    return ALL.stream().map(ServeCase::name).toList();
  }

  static ServeCase named(String name) {
    return ALL.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  /** For example {@code binary-32}. */
  String name() {
    return form.name().toLowerCase(Locale.ROOT) + "-" + connections;
  }

  /** The forms of some cases, each once. */
  static List<Form> forms(List<ServeCase> cases) {
    return Arrays.stream(Form.values())
        .filter(form -> cases.stream().anyMatch(one -> one.form == form))
        .toList();
  }
}
