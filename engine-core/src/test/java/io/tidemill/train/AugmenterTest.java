package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.network.Crop;
import io.tidemill.network.Dense;
import io.tidemill.network.Input;
import io.tidemill.network.Network;
import io.tidemill.network.Reshape;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AugmenterTest {
  private static final long SEED = 5;

  @TempDir Path folder;

  /** A bright pixel in the middle of 5 x 5 says how far the image went. */
  @Test
  void shiftsByEachDistanceAboutAsOften() {
    float[] image = new float[25];
    image[12] = 1;
    Map<Integer, Integer> places = new TreeMap<>();
    for (long position = 0; position < 2500; position++) {
      float[] shifted =
          augmented(Shape.of(-1, 5, 5, 1), image, position, new Augmentation.Shift(2));
      assertEquals(1, sum(shifted), "nothing but zeros came in");
      places.merge(indexOfOne(shifted), 1, Integer::sum);
    }

    assertEquals(25, places.size());
    places.values().forEach(count -> assertTrue(count > 60 && count < 150, places.toString()));
  }

  @Test
  void whatIsShiftedOutIsLostAndZerosComeIn() {
    float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    Shape shape = Shape.of(-1, 2, 3, 2);

    boolean[] seen = new boolean[9];
    for (long position = 0; position < 100; position++) {
      float[] found = augmented(shape, image, position, new Augmentation.Shift(1));
      int move = moveOf(found, image);
      seen[move] = true;
    }
    for (int move = 0; move < 9; move++) {
      assertTrue(seen[move], "never moved by " + (move / 3 - 1) + ", " + (move % 3 - 1));
    }
  }

  /** Numbers from 1 on say where a crop was taken; a 0 would have come from outside. */
  @Test
  void aShiftInFrontOfACropTakesEachPartOfTheImageAboutAsOften() throws Exception {
    float[] image = new float[49];
    for (int i = 0; i < 49; i++) {
      image[i] = i + 1;
    }
    Encoding<float[]> encoding = Encoding.ofFloats(49, pixels -> pixels, _ -> 0);
    Training<float[]> training =
        Training.of(Network.sequential(Input.of(7, 7, 1), Crop.of(3, 3), Reshape.flat()), encoding)
            .augment(new Augmentation.Shift(2))
            .globalBatch(2500)
            .shards(1);

    Map<List<Float>, Integer> parts = new TreeMap<>(Comparator.comparing(List::getFirst));
    float[] crops = outputs(training, Collections.nCopies(2500, image));
    for (int i = 0; i < crops.length; i += 9) {
      parts.merge(listOf(crops, i, i + 9), 1, Integer::sum);
    }

    Set<List<Float>> all = new HashSet<>();
    for (int y = 0; y <= 4; y++) {
      for (int x = 0; x <= 4; x++) {
        float first = 7 * y + x + 1;
        all.add(
            listOf(
                new float[] {
                  first,
                  first + 1,
                  first + 2,
                  first + 7,
                  first + 8,
                  first + 9,
                  first + 14,
                  first + 15,
                  first + 16
                },
                0,
                9));
      }
    }
    assertEquals(all, parts.keySet());
    parts.values().forEach(count -> assertTrue(count > 60 && count < 150, parts.toString()));
  }

  @Test
  void shiftsFartherThanTheImageLeaveZeros() {
    float[] image = {1, 1, 1, 1};
    for (long position = 0; position < 50; position++) {
      float[] found =
          augmented(Shape.of(-1, 2, 2, 1), image, position, new Augmentation.Shift(100));
      assertTrue(sum(found) <= 4);
    }
  }

  @Test
  void flipsHalfOfTheImagesAndKeepsThePixelsWhole() {
    float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float[] mirrored = {5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8};
    int flipped = 0;
    for (long position = 0; position < 1000; position++) {
      float[] found =
          augmented(Shape.of(-1, 2, 3, 2), image, position, new Augmentation.FlipHorizontal());
      boolean isFlipped = found[0] == 5;
      assertArrayEquals(isFlipped ? mirrored : image, found);
      flipped += isFlipped ? 1 : 0;
    }

    assertTrue(flipped > 430 && flipped < 570, "flipped=" + flipped);
  }

  @Test
  void aSampleIsChangedByItsPositionAlone() throws Exception {
    float[][] images = new float[4][9];
    for (float[] image : images) {
      image[4] = 1;
    }
    Encoding<float[]> encoding = Encoding.ofFloats(9, image -> image, _ -> 0);
    Network network = Network.sequential(Input.of(3, 3, 1), Reshape.flat(), Dense.of(9, 2));
    Training<float[]> training =
        Training.of(network, encoding)
            .augment(new Augmentation.Shift(1), new Augmentation.FlipHorizontal())
            .globalBatch(4)
            .epochs(2);

    float[][] whole = filled(training.shards(1), images);
    float[][] inShards = filled(training.shards(4), images);

    assertArrayEquals(whole[0], inShards[0]);
    assertArrayEquals(whole[1], inShards[1]);
    assertEquals(false, Arrays.equals(whole[0], whole[1]), "another epoch changes it otherwise");
  }

  @Test
  void refusesWhatAreNoImages() {
    Training<float[]> flat =
        Training.of(
                Network.sequential(Dense.of(9, 2)),
                Encoding.<float[]>ofFloats(9, image -> image, _ -> 0))
            .augment(new Augmentation.FlipHorizontal());

    assertEquals(
        "augmentations are for images: expected a network that takes [*, height, width, channels],"
            + " found [*, 9]; begin it with Input.of(height, width, channels)",
        assertThrows(EngineException.class, flat::program).getMessage());
    assertEquals(
        "Shift expected at least 1 pixel, found 0",
        assertThrows(EngineException.class, () -> new Augmentation.Shift(0)).getMessage());
  }

  /** What a network gives for the first step. */
  private float[] outputs(Training<float[]> training, List<float[]> images) {
    try (SampleLog log = new SampleLog(folder.resolve("rows"), training.encoding().rowBytes());
        Device device = Devices.open("cpu");
        DeviceBuffer none = device.allocate(0);
        Execution execution = device.compile(training.program()).newExecution()) {
      fill(log, training, images);
      new Batches(training, log, SEED).fill(0, 0, 0, execution);
      execution.run(none, none);
      return execution.output("output").toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static void fill(SampleLog log, Training<float[]> training, List<float[]> images) {
    for (float[] image : images) {
      new RowWriter<>(training.encoding()).write(image, log.next());
      log.append();
    }
    log.seal();
  }

  private static List<Float> listOf(float[] numbers, int from, int to) {
    List<Float> list = new ArrayList<>();
    for (int i = from; i < to; i++) {
      list.add(numbers[i]);
    }
    return list;
  }

  /** The features of the two steps, shard after shard. */
  private float[][] filled(Training<float[]> training, float[][] images) {
    float[][] steps = new float[2][];
    Path rows = folder.resolve("rows-" + training.shards());
    try (SampleLog log = new SampleLog(rows, training.encoding().rowBytes());
        Device device = Devices.open("cpu");
        Execution execution = device.compile(training.program()).newExecution()) {
      fill(log, training, List.of(images));
      Batches batches = new Batches(training, log, SEED);
      for (int step = 0; step < 2; step++) {
        steps[step] = new float[36];
        for (int shard = 0; shard < training.shards(); shard++) {
          batches.fill(step, 0, shard, execution);
          float[] features = execution.input("features").toArray(ValueLayout.JAVA_FLOAT);
          System.arraycopy(features, 0, steps[step], shard * features.length, features.length);
        }
      }
    }
    return steps;
  }

  /** The second image of a batch of three, changed; the others have to stay. */
  private static float[] augmented(
      Shape shape, float[] image, long position, Augmentation augmentation) {
    float[] batch = new float[3 * image.length];
    for (int i = 0; i < 3; i++) {
      System.arraycopy(image, 0, batch, i * image.length, image.length);
    }
    new Augmenter(List.of(augmentation), shape, SEED)
        .apply(MemorySegment.ofArray(batch), 1, position);
    assertArrayEquals(image, Arrays.copyOfRange(batch, 0, image.length));
    assertArrayEquals(image, Arrays.copyOfRange(batch, 2 * image.length, batch.length));
    return Arrays.copyOfRange(batch, image.length, 2 * image.length);
  }

  /** Which of the nine moves by at most a pixel makes this of an image of 2 x 3 with 2 channels. */
  private static int moveOf(float[] found, float[] image) {
    for (int move = 0; move < 9; move++) {
      float[] moved = new float[12];
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 3; x++) {
          int fromY = y - (move / 3 - 1);
          int fromX = x - (move % 3 - 1);
          if (fromY >= 0 && fromY < 2 && fromX >= 0 && fromX < 3) {
            moved[(y * 3 + x) * 2] = image[(fromY * 3 + fromX) * 2];
            moved[(y * 3 + x) * 2 + 1] = image[(fromY * 3 + fromX) * 2 + 1];
          }
        }
      }
      if (Arrays.equals(moved, found)) {
        return move;
      }
    }
    throw new AssertionError("no move by a pixel gives " + Arrays.toString(found));
  }

  private static float sum(float[] numbers) {
    float sum = 0;
    for (float number : numbers) {
      sum += number;
    }
    return sum;
  }

  private static int indexOfOne(float[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] == 1) {
        return i;
      }
    }
    throw new AssertionError("no bright pixel in " + Arrays.toString(numbers));
  }
}
