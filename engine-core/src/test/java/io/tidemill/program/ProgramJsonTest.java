package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ProgramJsonTest {

  static List<OpCase> operations() {
    return OpCase.all(3, 4);
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyOperationSurvivesARoundTrip(OpCase opCase) {
    ProgramBuilder builder = new ProgramBuilder();
    Value[] operands = new Value[opCase.operands().size()];
    for (int i = 0; i < operands.length; i++) {
      operands[i] = builder.input("x" + i, opCase.type(i), opCase.operands().get(i));
    }
    Program program = builder.output("y", builder.apply(opCase.op(), operands)).build();

    assertEquals(program, ProgramJson.read(ProgramJson.write(program)));
  }

  @Test
  void aDifferentiatedOpenProgramSurvivesARoundTrip() {
    Program program = Differentiation.of(small(), "loss");

    Program read = ProgramJson.read(ProgramJson.write(program));

    assertEquals(program, read);
    assertEquals(program.layout(), read.layout());
    assertTrue(read.isOpen());
  }

  @Test
  void aTableThatIsTrainedByRowSurvivesARoundTrip() {
    Program program = Differentiation.of(lookup(), "loss");

    Program read = ProgramJson.read(ProgramJson.write(program));

    assertEquals(program, read);
    assertEquals(ParameterRole.TRAINED_BY_ROW, read.layout().entry("table").role());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "TRAINED_BY_ROW"        | "TRAINED"           | table is TRAINED, but its gradient embed.embeddingRowsGradient is by row
          "embeddingRowsGradient" | "embeddingGradient" | table is TRAINED_BY_ROW, but its gradient
          """)
  void refusesAGradientByRowWhereItIsNotExpected(String original, String broken, String sentence) {
    String json = ProgramJson.write(Differentiation.of(lookup(), "loss"));

    EngineException refusal =
        assertThrows(EngineException.class, () -> ProgramJson.read(json.replace(original, broken)));

    assertTrue(refusal.getMessage().contains(sentence), refusal.getMessage());
  }

  @Test
  void namesValuesSoThatPeopleCanReadIt() {
    String json = ProgramJson.write(small());

    assertTrue(json.contains("\"inputs\" : [ \"x\", \"w\" ]"), json);
    assertTrue(json.contains("\"shape\" : [ \"*\", 3 ]"), json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "version" : 2         | "version" : 3           | expected format=tidemill.program version=2, found format=tidemill.program version=3
          "op" : "matMul"       | "op" : "conv9"          | instruction 0: unknown op "conv9"
          "transposeLeft" : false | "transposeLeft" : 3   | instruction 0: op matMul expects attribute transposeLeft of type boolean, found 3
          "shape" : [ "*", 3 ]  | "shape" : [ "*", 4 ]    | fc: matMul expects matrices [m, k] and [k, n], gets [*, 4] and [3, 2]
          [ "x", "w" ]          | [ "x", "v" ]            | instruction 0: no value is named "v"
          [ "x", "w" ]          | [ "x", "loss.value" ]   | no value is named "loss.value"
          "kind" : "parameter"  | "kind" : "weight"       | w: kind weight, expected input, parameter, constant or computed
          "role" : "TRAINED"    | "role" : "FROZEN"       | w: role FROZEN, expected one of [TRAINED, TRAINED_BY_ROW, ADAPTED, AVERAGED]
          "type" : "INT32"      | "type" : "INT31"        | type INT31, expected one of
          "type" : "INT32"      | "type" : "FLOAT64"    | has the type FLOAT64, which devices do not compute: expected one of [FLOAT32
          "output" : "fc.matMul" | "output" : "x"         | fc: matMul writes x, which is already given
          "format"              | format                  | not JSON at line 2 column
          """)
  void saysWhatIsWrongWithAFile(String original, String broken, String sentence) {
    String json = ProgramJson.write(small());
    assertTrue(json.contains(original), json);

    EngineException refusal =
        assertThrows(EngineException.class, () -> ProgramJson.read(json.replace(original, broken)));

    assertTrue(refusal.getMessage().contains(sentence), refusal.getMessage());
    assertTrue(refusal.code().isInput() && refusal.code() != ErrorCode.NOT_FOUND);
  }

  private static Program lookup() {
    ProgramBuilder builder = new ProgramBuilder().layer("embed");
    Value ids = builder.input("ids", DataType.INT32, Shape.of(Shape.ANY));
    Value table = builder.parameter("table", Shape.of(5, 1), ParameterRole.TRAINED_BY_ROW);
    Value y = builder.apply(new Op.Embedding(), ids, table);
    Value labels = builder.input("labels", DataType.FLOAT32, Shape.of(Shape.ANY));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(Shape.ANY));
    builder.layer("loss");
    builder.output("loss", builder.apply(new Op.MeanSquaredError(), y, labels, weights));
    return builder.build();
  }

  private static Program small() {
    ProgramBuilder builder = new ProgramBuilder().layer("fc");
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(Shape.ANY, 3));
    Value w = builder.parameter("w", Shape.of(3, 2), ParameterRole.TRAINED);
    Value y = builder.apply(new Op.MatMul(false, false), x, w);
    Value labels = builder.input("labels", DataType.INT32, Shape.of(Shape.ANY));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(Shape.ANY));
    builder.layer("loss");
    builder.output("loss", builder.apply(new Op.SoftmaxCrossEntropy(), y, labels, weights));
    return builder.build();
  }
}
