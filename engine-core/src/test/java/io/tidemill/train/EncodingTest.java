package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What goes into a row of the sample log comes out of it. */
final class EncodingTest {

  @Test
  void bytesAreSeenAsFloatsAndLabelsBeginAtAMultipleOfFour() {
    Encoding<byte[]> encoding = Encoding.ofBytes(5, row -> row, row -> row[0]);
    assertEquals(8 + 4, encoding.rowBytes());

    MemorySegment row = written(encoding, new byte[] {7, -1, 0, 127, -128});

    float[] features = new float[10];
    new RowWriter<>(encoding).readFeatures(row, MemorySegment.ofArray(features), 1);
    assertArrayEquals(new float[] {0, 0, 0, 0, 0, 7, 255, 0, 127, 128}, features);
    assertEquals(7, new RowWriter<>(encoding).label(row, 0));
  }

  @Test
  void tokensStayWholeNumbersWithAClassForEach() {
    int[] tokens = {1, 50_256, 3, 16_777_217};
    Encoding<int[]> encoding =
        Encoding.ofSequences(3, text -> range(text, 0), text -> range(text, 1));
    assertEquals(DataType.INT32, encoding.inputType());

    MemorySegment row = written(encoding, tokens);

    int[] features = new int[3];
    new RowWriter<>(encoding).readFeatures(row, MemorySegment.ofArray(features), 0);
    assertArrayEquals(new int[] {1, 50_256, 3}, features);
    assertEquals(50_256, new RowWriter<>(encoding).label(row, 0));
    assertEquals(16_777_217, new RowWriter<>(encoding).label(row, 2), "no float32 holds it");
  }

  @Test
  void aRecordMayHaveSeveralNumbersAsLabels() {
    Encoding<float[]> encoding =
        Encoding.<float[]>ofFloats(2, row -> row, _ -> 0)
            .withLabels(3, row -> new float[] {row[0], -row[1], 0.5f});
    assertEquals(3, encoding.labelWidth());
    assertEquals(5 * 4, encoding.rowBytes());

    MemorySegment row = written(encoding, new float[] {1.5f, 2});

    assertEquals(1.5, new RowWriter<>(encoding).label(row, 0));
    assertEquals(-2, new RowWriter<>(encoding).label(row, 1));
    assertEquals(0.5, new RowWriter<>(encoding).label(row, 2));
  }

  @Test
  void refusesARowOfAnotherWidthOrType() {
    Encoding<float[]> wider = Encoding.ofFloats(3, row -> row, _ -> 0);
    Encoding<float[]> otherType =
        new Encoding<>(new Encoding.Numbers<>(DataType.INT32, 2, row -> row), wider.labels());
    Encoding<float[]> moreLabels = wider.withClasses(2, _ -> new int[1]);

    assertEquals("an encoding made a row of another width: expected 3, found 2", refused(wider, 2));
    assertEquals(
        "an encoding made a row of another type: expected INT32, found float[]",
        refused(otherType, 2));
    assertEquals(
        "an encoding made a label of another width: expected 2, found 1", refused(moreLabels, 3));
  }

  @Test
  void refusesWhatTheNetworkOrItsLossDoesNotTake() {
    Network network = Network.sequential(Dense.of(4, 2));
    Encoding<int[]> tokens = Encoding.ofTokens(4, row -> row, _ -> 0);
    Encoding<float[]> narrow = Encoding.ofFloats(3, row -> row, _ -> 0);
    Training<float[]> twoLabels =
        Training.of(
            network,
            Encoding.<float[]>ofFloats(4, row -> row, _ -> 0).withClasses(2, _ -> new int[2]));

    assertEquals(
        "the network takes rows of another width than the encoding makes:"
            + " expected 4 for [*, 4], found 3",
        assertThrows(EngineException.class, () -> Training.of(network, narrow)).getMessage());
    assertEquals(
        "the network takes numbers of another type than the encoding makes:"
            + " expected FLOAT32, found INT32",
        assertThrows(EngineException.class, () -> Training.of(network, tokens)).getMessage());
    assertEquals(
        "the loss takes another number of labels than the encoding makes:"
            + " expected 1 per record, found 2",
        assertThrows(EngineException.class, twoLabels::program).getMessage());
  }

  private static String refused(Encoding<float[]> encoding, int width) {
    return assertThrows(EngineException.class, () -> written(encoding, new float[width]))
        .getMessage();
  }

  private static <T> MemorySegment written(Encoding<T> encoding, T value) {
    MemorySegment row = MemorySegment.ofArray(new byte[encoding.rowBytes()]);
    new RowWriter<>(encoding).write(value, row);
    return row;
  }

  private static int[] range(int[] text, int from) {
    return new int[] {text[from], text[from + 1], text[from + 2]};
  }
}
