package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.device.Execution;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Reshape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A table of 70 rows of 3 at [0, 210), then padding, and a dense weight and bias at [224, 256). */
final class TouchedRowsTest {
  private static final Network NETWORK =
      Network.sequential(
          Input.ofIds(3), Embedding.of(70, 3).sparse(), Reshape.flat(), Dense.of(9, 1));

  @Test
  void withoutMarksOnlyWhatIsOutsideTheTableIsTouched() {
    assertEquals(List.of("210-256"), runs(new TouchedRows(NETWORK.layout()), 0, 256));
  }

  @Test
  void rowsSideBySideAreOneRunAlsoBeyondAWordAndBehindTheTable() {
    TouchedRows touched = marked(0, 63, 64, 69, 0, 20);

    assertEquals(List.of("0-3", "60-63", "189-195", "207-256"), runs(touched, 0, 256));
  }

  @Test
  void aRangeCutsRowsWhereItBeginsAndEnds() {
    TouchedRows touched = marked(0, 63, 64, 69, 0, 20);

    assertEquals(List.of("1-3", "60-61"), runs(touched, 1, 61));
    assertEquals(List.of("190-192"), runs(touched, 190, 192));
    assertEquals(List.of(), runs(touched, 100, 189));
  }

  @Test
  void marksOfSeveralRunsAddUpAndAreTakenBackByRange() {
    TouchedRows touched = marked(1, 2, 3, 1, 2, 3);
    mark(touched, 65, 66, 67, 65, 66, 67);
    assertEquals(List.of("3-12", "195-204", "210-256"), runs(touched, 0, 256));

    touched.clear(192, 256);
    assertEquals(List.of("3-12", "210-256"), runs(touched, 0, 256));

    touched.clear(0, 256);
    assertEquals(List.of("210-256"), runs(touched, 0, 256));
  }

  private static TouchedRows marked(int... ids) {
    TouchedRows touched = new TouchedRows(NETWORK.layout());
    mark(touched, ids);
    return touched;
  }

  /** By a run on two samples of three ids. */
  private static void mark(TouchedRows touched, int... ids) {
    long floats = NETWORK.layout().floats();
    try (Device device = Devices.open("cpu");
        Execution execution =
            device.compile(NETWORK.training(Loss.meanSquaredError(), 2)).newExecution();
        DeviceBuffer parameters = device.allocate(floats);
        DeviceBuffer gradients = device.allocate(floats)) {
      execution.input("features").copyFrom(MemorySegment.ofArray(ids));
      execution.run(parameters, gradients);
      touched.mark(execution);
    }
  }

  private static List<String> runs(TouchedRows touched, long from, long to) {
    List<String> runs = new ArrayList<>();
    long at = touched.next(from, to);
    while (at < to) {
      long end = touched.end(at, to);
      runs.add(at + "-" + end);
      at = touched.next(end, to);
    }
    return runs;
  }
}
