package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ElementWriterTest {
  private static final int NUMBERS = 100_000;

  @Test
  void writesFloatsWithTheFewestDigitsAsTheJdkDoes() throws IOException {
    Random random = new Random(31);
    float[] values = new float[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
      float any = Float.intBitsToFloat(random.nextInt());
      values[i] = i % 2 == 0 && Float.isFinite(any) ? any : (float) random.nextGaussian();
    }

    String[] written = written(DataType.FLOAT32, MemorySegment.ofArray(values));

    for (int i = 0; i < NUMBERS; i++) {
      assertEquals(Float.toString(values[i]), written[i]);
    }
  }

  @Test
  void writesDoublesWithTheFewestDigitsAsTheJdkDoes() throws IOException {
    Random random = new Random(32);
    double[] values = new double[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
      double any = Double.longBitsToDouble(random.nextLong());
      values[i] = i % 2 == 0 && Double.isFinite(any) ? any : random.nextGaussian();
    }

    String[] written = written(DataType.FLOAT64, MemorySegment.ofArray(values));

    for (int i = 0; i < NUMBERS; i++) {
      assertEquals(Double.toString(values[i]), written[i]);
    }
  }

  private static String[] written(DataType type, MemorySegment data) throws IOException {
    NamedTensor tensor = new NamedTensor("x", type, Shape.of(NUMBERS), data);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JsonFields.generator(out)) {
      json.writeStartArray();
      for (int i = 0; i < NUMBERS; i++) {
        ElementWriter.write(json, tensor, i);
      }
      json.writeEndArray();
    }
    String text = out.toString(StandardCharsets.UTF_8);
    return text.substring(1, text.length() - 1).split(",");
  }
}
