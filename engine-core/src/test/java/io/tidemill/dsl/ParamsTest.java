package io.tidemill.dsl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ParamsTest {
  @Test
  void readsWhatWasGivenAndItsDefaults() {
    Params params = params("data=a=b", "epochs=3", "rate=0.5", "mode=fast");

    assertEquals(Optional.of(Path.of("a=b")), params.path("data"));
    assertEquals(3, params.integer("epochs", 1, 1));
    assertEquals(0.5, params.positive("rate", 1));
    assertEquals("fast", params.choice("mode", "strict", "fast"));
    assertEquals(9, params.whole("absent", 9, 1));
    assertEquals("x", params.text("absent", "x"));
    assertEquals(5, params.seed());
    params.refuseUnknown("digits");
  }

  @Test
  void refusesWhatIsNoKeyAndValueOrIsGivenTwice() {
    assertFails("expected key=value, found \"epochs\"", () -> params("epochs"));
    assertFails("expected key=value, found \"=3\"", () -> params("=3"));
    assertFails("parameter epochs is given twice", () -> params("epochs=1", "epochs=2"));
  }

  @Test
  void refusesNumbersThatAreNoneOrOutOfRange() {
    assertFails(
        "parameter epochs has to be a whole number of at least 1 and at most 2147483647, found"
            + " \"0\"",
        () -> params("epochs=0").integer("epochs", 1, 1));
    assertFails(
        "parameter epochs has to be a whole number of at least 1 and at most 2147483647, found"
            + " \"3000000000\"",
        () -> params("epochs=3000000000").integer("epochs", 1, 1));
    assertFails(
        "parameter steps has to be a whole number of at least 0, found \"many\"",
        () -> params("steps=many").whole("steps", 1, 0));
    assertFails(
        "parameter rate has to be a number above 0, found \"NaN\"",
        () -> params("rate=NaN").positive("rate", 1));
  }

  @Test
  void refusesAnUnknownChoiceAndAnUnknownKey() {
    assertFails(
        "parameter mode has to be one of strict, fast; found \"quick\"",
        () -> params("mode=quick").choice("mode", "strict", "fast"));
    Params params = params("epoch=3");
    params.integer("epochs", 1, 1);
    assertFails(
        "unknown parameter epoch for digits; it knows epochs",
        () -> params.refuseUnknown("digits"));
    assertFails(
        "unknown parameter a for digits; it knows none",
        () -> params("a=1").refuseUnknown("digits"));
  }

  private static void assertFails(String sentence, Executable what) {
    assertEquals(sentence, assertThrows(EngineException.class, what).getMessage());
  }

  private static Params params(String... words) {
    return Params.parse(List.of(words), 5);
  }
}
