package io.tidemill.serving.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Program;
import io.tidemill.serving.GatedDevice;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchProgramTest {
  private static final Network SMALL =
      Network.sequential(Dense.of(6, 8), Relu.of(), Dense.of(8, 3));

  @Test
  void answersARowToTheSameBitsInBatchesOfEverySize() {
    Network digits =
        Network.sequential(
            Dense.of(784, 512), Relu.of(), Dense.of(512, 256), Relu.of(), Dense.of(256, 10));
    answersARowToTheSameBits(digits, 784, 10, 16);
  }

  /** Here oneDNN adds in another order at 128 rows than at fewer, on AVX-512. */
  @Test
  void answersARowToTheSameBitsWhereTheLargestBatchRoundsDifferently() {
    Network wide =
        Network.sequential(
            Dense.of(100, 1024), Relu.of(), Dense.of(1024, 1024), Relu.of(), Dense.of(1024, 3));
    answersARowToTheSameBits(wide, 100, 3, 128);
  }

  @Test
  void usesNoNumberOfRowsThatGivesOtherBits() {
    try (Device cpu = Devices.open("cpu");
        BatchProgram plain = model(cpu, SMALL, 16, 1);
        Device odd = new RowDependentDevice(8).device();
        BatchProgram model = model(odd, SMALL, 16, 1)) {
      List<Integer> others = plain.formRows().stream().filter(rows -> rows != 8).toList();
      assertEquals(others, model.formRows());
      assertTrue(plain.formRows().contains(8), "or there is nothing to see here");
    }
  }

  @Test
  void usesOneNumberOfRowsWhereWhatIsComputedShowsNothing() {
    Network constant = Network.sequential(Dense.of(5, 3));
    try (Device device = Devices.open("cpu");
        DeviceBuffer zeros = zeros(device, constant);
        BatchProgram model =
            new BatchProgram(device, program(constant), zeros, of(constant), 16, 1)) {
      model.warm();

      assertEquals(List.of(16), model.formRows());
    }
  }

  @Test
  void makesAllMemoryWhenItIsWarmed() {
    try (GatedDevice device = new GatedDevice();
        BatchProgram model = model(device, SMALL, 8, 2)) {
      int made = device.openExecutions();
      answers(model, 1, rows(3, 6, 1), 3, 3);

      assertEquals(2 * model.formRows().size(), made);
      assertEquals(made, device.openExecutions());
    }
  }

  private static void answersARowToTheSameBits(Network network, int in, int out, int batchRows) {
    try (Device device = Devices.open("cpu");
        BatchProgram model = model(device, network, batchRows, 1)) {
      float[][] rows = rows(batchRows, in, 7);
      float[][] whole = answers(model, 0, rows, batchRows, out);
      assertEquals(batchRows, model.formRows().getLast());
      for (int size : new int[] {1, 2, 3, 5, 8, 9, 16}) {
        assertArrayEquals(whole, answers(model, 0, rows, size, out), "batches of " + size);
      }
    }
  }

  private static BatchProgram model(Device device, Network network, int batchRows, int threads) {
    DeviceBuffer parameters = zeros(device, network);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment weights = arena.allocate(network.layout().floats() * Float.BYTES, 64);
      network.initialise(3, weights);
      parameters.write(0, weights);
    }
    BatchProgram model =
        new BatchProgram(device, program(network), parameters, of(network), batchRows, threads);
    model.warm();
    assertTrue(model.formRows().contains(batchRows));
    return model;
  }

  private static DeviceBuffer zeros(Device device, Network network) {
    DeviceBuffer parameters = device.allocate(network.layout().floats());
    device.clear(parameters, 0, network.layout().floats());
    return parameters;
  }

  private static Program program(Network network) {
    return network.prediction(Loss.softmaxCrossEntropy());
  }

  private static CallSignature of(Network network) {
    Program program = program(network);
    return CallSignature.ofProgram(program.inputSpecs(), program.outputSpecs());
  }

  /** The probabilities for each row, computed in batches of so many requests of one row. */
  private static float[][] answers(
      BatchProgram model, int thread, float[][] rows, int size, int outputs) {
    List<Pending> requests = new ArrayList<>();
    for (float[] row : rows) {
      NamedTensor input =
          new NamedTensor(
              "input", DataType.FLOAT32, Shape.of(1, row.length), MemorySegment.ofArray(row));
      requests.add(new Pending(model.signature(), List.of(input), 1, Urgency.NORMAL, 0));
    }
    for (int from = 0; from < rows.length; from += size) {
      List<Slice> batch =
          requests.subList(from, Math.min(rows.length, from + size)).stream()
              .map(request -> request.take(1))
              .toList();
      model.run(thread, batch);
      batch.forEach(slice -> slice.request().finished(1));
    }
    float[][] answers = new float[rows.length][];
    Arrays.setAll(
        answers,
        row -> requests.get(row).answer().join().getFirst().data().toArray(ValueLayout.JAVA_FLOAT));
    assertEquals(outputs, answers[0].length);
    return answers;
  }

  private static float[][] rows(int count, int width, long seed) {
    Random random = new Random(seed);
    float[][] rows = new float[count][width];
    for (float[] row : rows) {
      for (int i = 0; i < width; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return rows;
  }
}
