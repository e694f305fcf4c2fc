package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferRequestReaderTest {
  private static final CallSignature ONE =
      new CallSignature(
          List.of(new TensorSpec("x", DataType.FLOAT32, Shape.of(Shape.ANY, 3))),
          List.of(
              new TensorSpec("p", DataType.FLOAT32, Shape.of(Shape.ANY, 2)),
              new TensorSpec("label", DataType.INT64, Shape.of(Shape.ANY))));

  private static final CallSignature TWO =
      new CallSignature(
          List.of(
              new TensorSpec("a", DataType.UINT8, Shape.of(Shape.ANY, 1)),
              new TensorSpec("b", DataType.INT64, Shape.of(Shape.ANY, 1))),
          List.of(new TensorSpec("p", DataType.FLOAT32, Shape.of(Shape.ANY, 2))));

  @Test
  void readsFlatData() {
    NamedTensor x = x("{'name':'x','shape':[2,3],'datatype':'FP32','data':[1,2.5,-3e2,4,5,6]}");

    assertEquals(Shape.of(2, 3), x.shape());
    assertArrayEquals(new float[] {1, 2.5f, -300, 4, 5, 6}, floats(x));
  }

  @Test
  void readsNestedData() {
    NamedTensor x = x("{'name':'x','shape':[2,3],'datatype':'FP32','data':[[1,2,3],[4,5,6]]}");

    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats(x));
  }

  @Test
  void readsDataThatComesBeforeNameShapeAndDatatype() {
    NamedTensor x = x("{'data':[[1,2,3]],'shape':[1,3],'datatype':'FP32','name':'x'}");

    assertArrayEquals(new float[] {1, 2, 3}, floats(x));
  }

  @Test
  void readsFloatsThatPythonPrintsAsDoublesToTheSameBits() {
    NamedTensor x =
        x(
            "{'name':'x','shape':[1,3],'datatype':'FP32','data':"
                + "[0.10000000149011612,0.003921568859368563,1.401298464324817e-45]}");

    assertArrayEquals(new float[] {0.1f, 1 / 255f, Float.MIN_VALUE}, floats(x));
  }

  @Test
  void keepsIdAndAskedOutputsInTheirOrder() {
    InferRequest request =
        read(
            ONE,
            "{'id':'é-1','inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,3]}],"
                + "'outputs':[{'name':'label'},{'name':'p'}]}");

    assertEquals(Optional.of("é-1"), request.id());
    assertEquals(List.of("label", "p"), request.outputs().stream().map(TensorSpec::name).toList());
  }

  @Test
  void answersAllOutputsWhereNoneIsAskedFor() {
    InferRequest request =
        read(
            ONE,
            "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,3]}],'outputs':[]}");

    assertEquals(ONE.outputs(), request.outputs());
  }

  @Test
  void ordersInputsAsTheSignatureDoes() {
    InferRequest request =
        read(
            TWO,
            "{'inputs':[{'name':'b','shape':[1,1],'datatype':'INT64','data':[-9223372036854775808]},"
                + "{'name':'a','shape':[1,1],'datatype':'UINT8','data':[255]}]}");

    assertEquals((byte) 255, request.inputs().get(0).data().get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(
        Long.MIN_VALUE, request.inputs().get(1).data().get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'inputs':[{'name':'a','shape':[1,1],'datatype':'UINT8','data':[256]}]}"
            + "|input \"a\": expected a number that UINT8 can hold at element 0 of data, found 256",
        "{'inputs':[{'name':'a','shape':[1,1],'datatype':'UINT8','data':[1.5]}]}"
            + "|input \"a\": expected a number that UINT8 can hold at element 0 of data, found 1.5",
        "{'inputs':[{'name':'b','shape':[1,1],'datatype':'INT64','data':[9223372036854775808]}]}"
            + "|input \"b\": expected a number that INT64 can hold at element 0 of data,"
            + " found 9223372036854775808",
        "{'inputs':[{'name':'a','shape':[1,1],'datatype':'UINT8','data':[1]}]}"
            + "|missing input: expected \"a\", \"b\", found only 1 of them and not \"b\"",
        "{'inputs':[{'name':'a','shape':[1,1],'datatype':'UINT8','data':[1]},"
            + "{'name':'a','shape':[1,1],'datatype':'UINT8','data':[1]}]}"
            + "|input \"a\": expected it once, found it twice",
        "{'inputs':[{'name':'a','shape':[1,1],'datatype':'UINT8','data':[1]},"
            + "{'name':'b','shape':[2,1],'datatype':'INT64','data':[1,2]}]}"
            + "|input \"b\": expected 1 rows as input \"a\" has, found 2",
      })
  void refusesInputsThatDoNotFitTwoInputs(String body, String sentence) {
    assertEquals(sentence, refusal(TWO, body));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'name':'x','shape':[1,3],'datatype':'FP64','data':[1,2,3]"
            + "|input \"x\": expected datatype FP32, found FP64",
        "'name':'x','shape':[1,3],'data':[1,2,3]"
            + "|input \"x\": expected datatype FP32, found none",
        "'name':'y','shape':[1,3],'datatype':'FP32','data':[1,2,3]"
            + "|unknown input: expected \"x\", found input \"y\"",
        "'shape':[1,3],'datatype':'FP32','data':[1,2,3]"
            + "|expected each input to have a name, found one without",
        "'name':7|expected the name of an input to be a string, found a number",
        "'name':'x','shape':[1,4],'datatype':'FP32','data':[1,2,3,4]"
            + "|input \"x\": expected shape [-1, 3], found [1, 4]",
        "'name':'x','shape':[3],'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected shape [-1, 3], found [3]",
        "'name':'x','shape':[0,3],'datatype':'FP32','data':[]"
            + "|input \"x\": expected shape [-1, 3], found [0, 3]",
        "'name':'x','shape':[2000000000,3],'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected 6000000000 elements for shape [2000000000, 3], found 3",
        "'name':'x','shape':[99999999999999999999,3],'datatype':'FP32','data':[1]"
            + "|input \"x\": expected shape to be an array of non-negative integers,"
            + " found 99999999999999999999 in it",
        "'name':'x','shape':[-1,3],'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected shape to be an array of non-negative integers,"
            + " found -1 in it",
        "'name':'x','shape':3,'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected shape to be an array of integers, found a number",
        "'name':'x','datatype':'FP32','data':[1,2,3]|input \"x\": expected a shape, found none",
        "'name':'x','shape':[1,3],'datatype':'FP32'|input \"x\": expected data, found none",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2]"
            + "|input \"x\": expected 3 elements for shape [1, 3], found 2",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,'3']"
            + "|input \"x\": expected a number at element 2 of data, found a string",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,null]"
            + "|input \"x\": expected a number at element 2 of data, found null",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,1e39]"
            + "|input \"x\": expected a number that FP32 can hold at element 2 of data, found 1e39",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':{'a':1}"
            + "|input \"x\": expected data to be an array of numbers, found an object",
        "'name':'x','shape':[2,3],'datatype':'FP32','data':[[1,2],[3,4],[5,6]]"
            + "|input \"x\": expected flat data or data nested as [2, 3],"
            + " found it nested as [3, 2]",
        "'name':'x','shape':[2,3],'datatype':'FP32','data':[[1,2,3],[4,5]]"
            + "|input \"x\": expected nested data of equal lengths,"
            + " found arrays that differ before element 5",
        "'name':'x','shape':[1,3],'datatype':'FP32','data':[[1,2],3]"
            + "|input \"x\": expected nested data of equal lengths,"
            + " found arrays that differ before element 2",
      })
  void refusesAnInputThatDoesNotFit(String input, String sentence) {
    assertEquals(sentence, refusal(ONE, "{'inputs':[{" + input + "}]}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|expected the body to be a JSON object, found an array",
        "{}|expected \"inputs\" in the body, found none",
        "{'inputs':{}}|expected \"inputs\" to be an array, found an object",
        "{'inputs':[1]}|expected \"inputs\" to hold an object, found a number",
        "{'inputs':[]}|missing input: expected \"x\", found only 0 of them and not \"x\"",
        "{'id':5,'inputs':[]}|expected the id to be a string, found a number",
        "{'outputs':[{'name':'q'}]}|unknown output: expected \"p\", \"label\", found \"q\"",
        "{'outputs':[{}]}|expected each output to have a name, found one without",
        "{'outputs':[{'name':'p'},{'name':'p'}]}|output \"p\": expected it once, found it twice",
        "{'parameters':{'binary_data_output':true}}|parameter binary_data_output: expected false,"
            + " because tensors are answered as JSON, found true",
        "{'inputs':[]} {}|expected the body to end after the JSON object,"
            + " found an object at line 1, column 15",
      })
  void refusesABodyOfTheWrongForm(String body, String sentence) {
    assertEquals(sentence, refusal(ONE, body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{'inputs':[{'name':'x'",
        "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,NaN,3]}]}",
        "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,Infinity,3]}]}",
        "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[01,2,3]}]}",
        "{'inputs':[{'name':'x','name':'x'}]}",
        "{'inputs':[],'inputs':[]}",
        "{'a':\u0001}",
        "{'inputs':[]}}"
      })
  void namesThePositionInABodyThatIsNotJson(String body) {
    String sentence = refusal(ONE, body);

    boolean isEmpty = body.isEmpty();
    assertTrue(
        isEmpty
            ? sentence.equals("expected the body to be a JSON object, found the end")
            : sentence.matches("malformed JSON at line 1, column \\d+: .+"),
        sentence);
    assertTrue(sentence.lines().count() == 1, sentence);
  }

  @Test
  void survivesDeepNesting() {
    String deep = "[".repeat(100_000);

    assertTrue(
        refusal(ONE, "{'inputs':" + deep).startsWith("expected \"inputs\" to hold an object"));
    assertTrue(refusal(ONE, "{'other':" + deep).startsWith("malformed JSON at line 1"));
    assertEquals(
        "input \"x\": expected data nested at most 16 deep, found deeper",
        refusal(ONE, "{'inputs':[{'name':'x','datatype':'FP32','data':" + deep));
  }

  @Test
  void survivesANumberOfAMillionDigits() {
    String sentence =
        refusal(
            ONE,
            "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':["
                + "1".repeat(1_000_000)
                + "]}]}");

    assertTrue(sentence.startsWith("malformed JSON at line 1"), sentence);
  }

  private static NamedTensor x(String input) {
    return read(ONE, "{'inputs':[" + input + "]}").inputs().getFirst();
  }

  private static String refusal(CallSignature signature, String body) {
    EngineException e = assertThrows(EngineException.class, () -> read(signature, body));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
    return e.getMessage();
  }

  private static InferRequest read(CallSignature signature, String body) {
    return InferRequestReader.read(
        body.replace('\'', '"').getBytes(StandardCharsets.UTF_8), signature);
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT);
  }
}
