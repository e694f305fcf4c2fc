package io.tidemill.serving.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.serving.onnx.TextFormat.Message;
import io.tidemill.serving.onnx.TextFormat.Scalar;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextFormatTest {
  @Test
  void readsScalarsMessagesListsAndComments() {
    Message message =
        TextFormat.read(
            "config.pbtxt",
            """
            # a comment with { and "
            name: "a \\"b\\"" 'c'   # texts in a row are one
            size: -1; kind: TYPE_FP32,
            dims: [ 3, 224 ]
            dims: 5
            nested { inner: <x: 1.5e-3> }
            list [ { y: 1 }, { y: 2 } ]
            empty: []
            """);

    assertEquals(
        Map.of(
            "name", List.of(new Scalar("a \"b\"c")),
            "size", List.of(new Scalar("-1")),
            "kind", List.of(new Scalar("TYPE_FP32")),
            "dims", List.of(new Scalar("3"), new Scalar("224"), new Scalar("5")),
            "nested", List.of(message("inner", message("x", new Scalar("1.5e-3")))),
            "list", List.of(message("y", new Scalar("1")), message("y", new Scalar("2"))),
            "empty", List.of()),
        message.fields());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name|config.pbtxt line 1: expected ':' or '{', found the end",
        "name: |config.pbtxt line 1: expected a value, found the end",
        "a: 1 }|config.pbtxt line 1: expected the name of a field, found '}'",
        "a { b: 1|config.pbtxt line 1: expected the name of a field or '}', found the end",
        "a: [1 2]|config.pbtxt line 1: expected ',' or ']', found '2'",
        "a: \"open|config.pbtxt line 1: expected a value, found '\"open'",
        "a: 1 §|config.pbtxt line 1: expected the name of a field, found '§'",
      })
  void saysInWhichLineATextIsWrong(String text, String sentence) {
    EngineException e =
        assertThrows(EngineException.class, () -> TextFormat.read("config.pbtxt", text));

    assertEquals(sentence, e.getMessage());
  }

  @Test
  void refusesNestingWithoutEnd() {
    EngineException e =
        assertThrows(
            EngineException.class, () -> TextFormat.read("config.pbtxt", "a {\n".repeat(100_000)));

    assertEquals(
        "config.pbtxt line 33: expected messages nested at most 32 deep, found '{'",
        e.getMessage());
  }

  private static Message message(String field, TextFormat.Value value) {
    return new Message(Map.of(field, List.of(value)));
  }
}
