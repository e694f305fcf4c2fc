package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.benchmarks.serve.Question.Form;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ServeCaseTest {
  @Test
  void namesEachFormAtEachNumberOfConnections() {
    assertEquals(
        List.of(
            "binary-1",
            "binary-8",
            "binary-32",
            "binary-128",
            "json-1",
            "json-8",
            "json-32",
            "json-128"),
        ServeCase.names());
    assertEquals(new ServeCase(Form.JSON, 32), ServeCase.named("json-32"));
  }

  @Test
  void formsComeOnceEach() {
    List<ServeCase> cases = List.of(ServeCase.named("json-1"), ServeCase.named("json-8"));

    assertEquals(List.of(Form.JSON), ServeCase.forms(cases));
    assertEquals(List.of(Form.JSON, Form.BINARY), ServeCase.forms(ServeCase.ALL));
  }
}
