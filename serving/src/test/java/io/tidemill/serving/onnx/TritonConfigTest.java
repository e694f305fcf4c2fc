package io.tidemill.serving.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TritonConfigTest {
  private static final CallSignature IMAGES =
      new CallSignature(
          List.of(new TensorSpec("image", DataType.FLOAT32, Shape.open(Shape.ANY, 3, Shape.ANY))),
          List.of(new TensorSpec("label", DataType.INT64, Shape.of(Shape.ANY))),
          true);

  @Test
  void takesWhatItKnowsAndFixesWhatTheModelLeavesOpen() {
    TritonConfig config =
        TritonConfig.parse(
            "config.pbtxt",
            """
            name: "resnet"
            platform: "onnxruntime_onnx"
            max_batch_size: 8
            input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 224 ] } ]
            output [ { name: "label" data_type: TYPE_INT64 dims: [ ] label_filename: "l.txt" } ]
            instance_group [ { count: 2 kind: KIND_CPU } ]
            """);

    CallSignature signature = config.applyTo("resnet", IMAGES);

    assertEquals(Optional.of(8), config.maxBatchSize());
    assertTrue(signature.isBatchable());
    assertEquals(Shape.of(Shape.ANY, 3, 224), signature.inputs().getFirst().shape());
    assertEquals(IMAGES.outputs(), signature.outputs());
  }

  @Test
  void countsAllDimensionsAndBatchesNothingWhereTheBatchSizeIsZero() {
    TritonConfig config =
        TritonConfig.parse(
            "config.pbtxt",
            """
            backend: "onnxruntime"
            max_batch_size: 0
            input { name: "image" data_type: TYPE_FP32 dims: [ -1, 3, 8 ] }
            """);

    CallSignature signature = config.applyTo("m", IMAGES);

    assertFalse(signature.isBatchable());
    assertEquals(Shape.of(Shape.ANY, 3, 8), signature.inputs().getFirst().shape());
  }

  @Test
  void leavesBatchingToTheModelWhereItSaysNothingOfIt() {
    assertEquals(IMAGES, TritonConfig.parse("config.pbtxt", "").applyTo("m", IMAGES));
    assertEquals(IMAGES, TritonConfig.NONE.applyTo("m", IMAGES));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name: 'other'|name: expected m, found other",
        "platform: 'tensorrt_plan'|platform: expected onnxruntime_onnx, found tensorrt_plan",
        "backend: 'python'|backend: expected onnxruntime, found python",
        "max_batch_size: 'many'|max_batch_size: expected a number, found many",
        "max_batch_size { x: 1 }|max_batch_size: expected a value, found a message",
        "input { data_type: TYPE_FP32 }|input: expected a name, found none",
        "input: 3|input: expected a message, found 3",
        "input { name: 'x' }|input name: expected one of [image], found x",
        "input { name: 'image' data_type: TYPE_FP64 dims: [3, 1] }"
            + "|input \"image\" data_type: expected TYPE_FP32, found TYPE_FP64",
        "max_batch_size: 4 input { name: 'image' data_type: TYPE_FP32 dims: [1, 5] }"
            + "|input \"image\" dims: expected [3, -1], found [1, 5]",
        "output { name: 'label' data_type: TYPE_INT64 dims: [1, 1] }"
            + "|output \"label\" dims: expected [-1], found [1, 1]",
      })
  void namesTheFieldThatTheModelContradicts(String text, String sentence) {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> TritonConfig.parse("config.pbtxt", text).applyTo("m", IMAGES));

    assertEquals("config.pbtxt " + sentence, e.getMessage());
  }

  @Test
  void refusesABatchSizeForAModelWithoutRows() {
    CallSignature fixed =
        new CallSignature(
            List.of(new TensorSpec("x", DataType.FLOAT32, Shape.of(2, 3))),
            List.of(new TensorSpec("y", DataType.FLOAT32, Shape.of(2))),
            false);

    EngineException e =
        assertThrows(
            EngineException.class,
            () -> TritonConfig.parse("config.pbtxt", "max_batch_size: 4").applyTo("m", fixed));

    assertEquals(
        "config.pbtxt max_batch_size: expected 0, because input \"x\" has the shape [2, 3], found"
            + " 4",
        e.getMessage());
  }
}
