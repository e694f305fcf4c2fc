package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FloatArraysTest {
  private static final int WIDTH = 20;
  private static final TensorSpec P = new TensorSpec("p", DataType.FLOAT32, Shape.of(Shape.ANY, 2));
  private static final CallSignature ONE =
      CallSignature.ofProgram(
          List.of(new TensorSpec("x", DataType.FLOAT32, Shape.of(Shape.ANY, WIDTH))), List.of(P));
  private static final CallSignature MIXED =
      CallSignature.ofProgram(
          List.of(
              new TensorSpec("x", DataType.FLOAT32, Shape.of(Shape.ANY, WIDTH)),
              new TensorSpec("ids", DataType.INT64, Shape.of(Shape.ANY, WIDTH))),
          List.of(P));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':FLAT}]}",
        "{'inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':ROWS}]}",
        "{'inputs':[{'data':FLAT,'name':'x','shape':[2,20],'datatype':'FP32'}]}",
        "{'inputs':[{'data':ROWS,'name':'x','shape':[2,20],'datatype':'FP32'}]}",
        "{'more':FLAT,'inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':FLAT}]}",
        "{'id':'[1,2]','inputs':[{'name':'x','datatype':'FP32','data':FLAT,'shape':[2,20]}]}",
        "{'id':'\\\\\\'ROWS','inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':FLAT}]}",
      })
  void readsWhatIsWrittenWhereverItStands(String body) {
    float[] values = values(2 * WIDTH);

    assertArrayEquals(values, floats(read(ONE, body, values).getFirst()));
  }

  @Test
  void cutsOutWhatTheSignatureAsksForAndLeavesTheRest() {
    float[] values = values(2 * WIDTH);
    InferBody body =
        body("{'inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':FLAT}]}", values);

    FloatArrays arrays = FloatArrays.cutFrom(body, ONE);

    String rest = new String(arrays.rest().bytes(), StandardCharsets.UTF_8);
    assertEquals(
        "{'inputs':[{'name':'x','shape':[2,20],'datatype':'FP32','data':[]}]}".replace('\'', '"'),
        rest);
    assertTrue(!arrays.areAllTaken());
    assertArrayEquals(values, arrays.take(rest.indexOf("[]")).orElseThrow());
    assertTrue(arrays.areAllTaken());
  }

  @Test
  void readsIntegersBesideFloats() {
    float[] values = values(2 * WIDTH);
    String ids =
        IntStream.range(0, 2 * WIDTH)
            .mapToObj(id -> String.valueOf(Long.MAX_VALUE - id))
            .collect(Collectors.joining(",", "[", "]"));

    List<NamedTensor> inputs =
        read(
            MIXED,
            "{'inputs':[{'name':'ids','shape':[2,20],'datatype':'INT64','data':"
                + ids
                + "},{'name':'x','shape':[2,20],'datatype':'FP32','data':FLAT}]}",
            values);

    assertArrayEquals(values, floats(inputs.getFirst()));
    assertEquals(
        Long.MAX_VALUE - 39, inputs.getLast().data().getAtIndex(ValueLayout.JAVA_LONG, 39));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'instances':ROWS}",
        "{'inputs':ROWS}",
        "{'inputs':{'x':ROWS}}",
      })
  void readsRowsOfAPredictRequest(String body) {
    float[] values = values(2 * WIDTH);

    NamedTensor x = PredictRequestReader.read(body(body, values), ONE).inputs().getFirst();

    assertEquals(Shape.of(2, WIDTH), x.shape());
    assertArrayEquals(values, floats(x));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19"
            + "|input \"x\": expected 20 elements for shape [1, 20], found 19",
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,'a',20"
            + "|input \"x\": expected a number at element 18 of data, found a string",
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,1e39,20|input \"x\": expected a number that"
            + " FP32 can hold at element 18 of data, found 1e39",
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18],19,20"
            + "|input \"x\": expected nested data of equal lengths, found arrays that differ before"
            + " element 18",
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],'data':[1"
            + "|malformed JSON at line 1, column 123: Duplicate field 'data'",
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,020|malformed JSON at line 1, column 114:"
            + " Invalid numeric value: Leading zeroes not allowed",
      })
  void refusesInTheWordsOfTheParser(String data, String sentence) {
    String body =
        "{'inputs':[{'name':'x','shape':[1,20],'datatype':'FP32','data':[" + data + "]}]}";

    EngineException e = assertThrows(EngineException.class, () -> read(ONE, body, values(1)));

    assertEquals(sentence, e.getMessage());
  }

  private static List<NamedTensor> read(CallSignature signature, String body, float[] values) {
    return InferRequestReader.read(body(body, values), signature).inputs();
  }

  /** FLAT and ROWS are the values; apostrophes are quotes. */
  private static InferBody body(String text, float[] values) {
    String flat =
        IntStream.range(0, values.length)
            .mapToObj(i -> String.valueOf((double) values[i]))
            .collect(Collectors.joining(", \n", "[ ", "\t]"));
    String rows =
        IntStream.range(0, values.length / WIDTH)
            .mapToObj(row -> Arrays.copyOfRange(values, row * WIDTH, (row + 1) * WIDTH))
            .map(Arrays::toString)
            .collect(Collectors.joining(" ,", "[", "]"));
    String json = text.replace("FLAT", flat).replace("ROWS", rows).replace('\'', '"');
    return InferBody.ofJson(json.getBytes(StandardCharsets.UTF_8));
  }

  private static float[] values(int count) {
    Random random = new Random(21);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT);
  }
}
