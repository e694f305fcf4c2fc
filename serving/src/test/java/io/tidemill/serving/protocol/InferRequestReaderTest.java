package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.protocol.InferRequest.Output;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferRequestReaderTest {
  private static final CallSignature ONE =
      CallSignature.ofProgram(
          List.of(new TensorSpec("x", DataType.FLOAT32, Shape.of(Shape.ANY, 3))),
          List.of(
              new TensorSpec("p", DataType.FLOAT32, Shape.of(Shape.ANY, 2)),
              new TensorSpec("label", DataType.INT64, Shape.of(Shape.ANY))));

  private static final CallSignature TWO =
      CallSignature.ofProgram(
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
    assertEquals(
        List.of("label", "p"),
        request.outputs().stream().map(output -> output.spec().name()).toList());
  }

  @Test
  void answersAllOutputsWhereNoneIsAskedFor() {
    InferRequest request =
        read(
            ONE,
            "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,3]}],'outputs':[]}");

    assertEquals(ONE.outputs(), request.outputs().stream().map(Output::spec).toList());
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
            + " found 99999999999999999999",
        "'name':'x','shape':[-1,3],'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected shape to be an array of non-negative integers,"
            + " found -1",
        "'name':'x','shape':3,'datatype':'FP32','data':[1,2,3]"
            + "|input \"x\": expected shape to be an array of integers, found a number",
        "'name':'x','datatype':'FP32','data':[1,2,3]|input \"x\": expected a shape, found none",
        "'name':'x','shape':[1,3],'datatype':'FP32'|input \"x\": expected data or binary_data_size,"
            + " found none",
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
        "{'parameters':{'binary_data_output':1}}|parameter binary_data_output: expected true or"
            + " false, found a number",
        "{'parameters':{'priority':10}}|parameter priority: expected a number from 0 to 9, found"
            + " 10",
        "{'parameters':{'timeout':-1}}|parameter timeout: expected a number from 0 to"
            + " 9223372036854775, found -1",
        "{'parameters':{'timeout':'soon'}}|parameter timeout: expected a number from 0 to"
            + " 9223372036854775, found soon",
        "{'inputs':[]} {}|expected the body to end after the JSON object,"
            + " found an object at line 1, column 15",
      })
  void refusesABodyOfTheWrongForm(String body, String sentence) {
    assertEquals(sentence, refusal(ONE, body));
  }

  @Test
  void takesBinaryTensorsInTheOrderInWhichTheJsonNamesThem() {
    InferRequest request =
        read(
            TWO,
            "{'inputs':[{'name':'b','shape':[2,1],'datatype':'INT64',"
                + "'parameters':{'binary_data_size':16}},"
                + "{'parameters':{'binary_data_size':2},'name':'a','shape':[2,1],"
                + "'datatype':'UINT8'}]}",
            new byte[] {1, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, 7, -1});

    assertArrayEquals(
        new byte[] {7, -1}, request.inputs().get(0).data().toArray(ValueLayout.JAVA_BYTE));
    assertArrayEquals(
        new long[] {1, -1},
        request.inputs().get(1).data().toArray(ValueLayout.JAVA_LONG_UNALIGNED));
  }

  @Test
  void takesFloatsAsTheyAreWithWhatJsonCannotSay() {
    InferRequest request =
        read(
            ONE,
            "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32',"
                + "'parameters':{'binary_data_size':12}}]}",
            littleEndian(-0.0f, Float.NaN, Float.NEGATIVE_INFINITY));

    assertArrayEquals(
        new float[] {-0.0f, Float.NaN, Float.NEGATIVE_INFINITY},
        floats(request.inputs().getFirst()));
  }

  @Test
  void takesABodyWithoutJsonAsRowsOfTheOnlyInput() {
    InferRequest request =
        InferRequestReader.read(new InferBody(littleEndian(1, 2, 3, 4, 5, 6), 0), ONE);

    assertEquals(Shape.of(2, 3), request.inputs().getFirst().shape());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats(request.inputs().getFirst()));
    assertEquals(List.of(true, true), request.outputs().stream().map(Output::isBinary).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|false,false",
        "`,'parameters':{'binary_data_output':true}`|true,true",
        "`,'outputs':[{'name':'p','parameters':{'binary_data':true}},{'name':'label'}]`|true,false",
        "`,'outputs':[{'name':'p','parameters':{'binary_data':false}},{'name':'label'}],"
            + "'parameters':{'binary_data_output':true}`|false,true",
      })
  void answersBinaryWhatIsAskedForBinary(String asked, String expected) {
    String x = "'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,3]}]";
    InferRequest request = read(ONE, "{" + x + asked + "}");

    assertEquals(
        expected,
        request.outputs().stream()
            .map(output -> String.valueOf(output.isBinary()))
            .collect(Collectors.joining(",")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "12|8|input \"x\": expected 12 bytes of it behind the JSON, found 8;"
            + " Inference-Header-Content-Length says where the JSON ends",
        "12|0|input \"x\": expected 12 bytes of it behind the JSON, found 0;"
            + " Inference-Header-Content-Length says where the JSON ends",
        "12|16|expected 12 bytes of tensors behind the JSON, as the inputs say, found 16",
        "16|16|input \"x\": expected binary_data_size 12 for shape [1, 3] of FP32, found 16",
        "-12|12|input \"x\": expected binary_data_size to be a number of bytes, found -12",
        "1e1|12|input \"x\": expected binary_data_size to be a number of bytes, found 1e1",
        "99999999999999999999|12|input \"x\": expected binary_data_size to be a number of bytes,"
            + " found 99999999999999999999",
      })
  void refusesBinaryTensorsThatDoNotFit(String size, int bytes, String sentence) {
    String x =
        "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','parameters':{'binary_data_size':"
            + size
            + "}}]}";

    EngineException e = assertThrows(EngineException.class, () -> read(ONE, x, new byte[bytes]));

    assertEquals(sentence, e.getMessage());
  }

  @Test
  void refusesAnInputThatIsThereTwiceOver() {
    String x =
        "{'inputs':[{'name':'x','shape':[1,3],'datatype':'FP32','data':[1,2,3],"
            + "'parameters':{'binary_data_size':12}}]}";

    EngineException e = assertThrows(EngineException.class, () -> read(ONE, x, new byte[12]));

    assertEquals(
        "input \"x\": expected either data or binary_data_size, found both", e.getMessage());
  }

  @Test
  void refusesABodyWithoutJsonThatIsNoNumberOfRows() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> InferRequestReader.read(new InferBody(new byte[13], 0), ONE));

    assertEquals(
        "input \"x\": expected a multiple of 12 bytes of shape [1, 3] of FP32, found 13",
        e.getMessage());
  }

  @Test
  void refusesABodyWithoutJsonForAModelWithTwoInputs() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> InferRequestReader.read(new InferBody(new byte[9], 0), TWO));

    assertEquals(
        "expected JSON before the tensors, because the model has the inputs \"a\", \"b\";"
            + " found Inference-Header-Content-Length: 0",
        e.getMessage());
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
    return read(signature, body, new byte[0]);
  }

  private static InferRequest read(CallSignature signature, String json, byte[] tensors) {
    byte[] head = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    byte[] body = Arrays.copyOf(head, head.length + tensors.length);
    System.arraycopy(tensors, 0, body, head.length, tensors.length);
    return InferRequestReader.read(new InferBody(body, head.length), signature);
  }

  private static byte[] littleEndian(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }
}
