package io.tidemill.serving.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.error.EngineException;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.program.Program;
import io.tidemill.serving.GatedDevice;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
  private static final int BATCH_ROWS = 4;
  private static final BatchQueue.Bounds BOUNDS = new BatchQueue.Bounds(12, Duration.ofSeconds(60));
  private static final Network NETWORK = Network.sequential(Dense.of(2, 3));
  private static final Program PROGRAM = NETWORK.prediction(Loss.softmaxCrossEntropy());

  private final GatedDevice device = new GatedDevice();
  private final ServingMetrics metrics = new ServingMetrics();
  private final BatchExecutors executors = BatchExecutors.start(1);
  private BatchQueue queue;

  @BeforeEach
  void open() {
    queue = new BatchQueue(program(parameters()), executors, metrics.model("m", "1"), BOUNDS);
  }

  @AfterEach
  void close() {
    device.open();
    queue.close();
    executors.close();
    metrics.close();
    device.close();
  }

  @Test
  void putsRowsThatWaitIntoOneBatch() throws Exception {
    CompletableFuture<List<NamedTensor>> first = holdOneRow();
    CompletableFuture<List<NamedTensor>> second = accepted(1, 2);
    CompletableFuture<List<NamedTensor>> third = accepted(3);

    device.open();

    float[] together = probabilities(second);
    float[] alone = probabilities(accepted(2));
    assertArrayEquals(alone, Arrays.copyOfRange(together, 3, 6));
    assertArrayEquals(probabilities(accepted(3)), probabilities(third));
    assertEquals(3, probabilities(first).length);
    assertTrue(
        metrics.scrape().contains("nv_inference_exec_count{model=\"m\",version=\"1\"} 4.0"),
        metrics.scrape());
  }

  @Test
  void cutsARequestOfMoreRowsThanABatchAndAnswersItWhole() {
    float[] answer = probabilities(accepted(1, 2, 3, 4, 5, 6, 7, 8, 9));

    for (int row = 1; row <= 9; row++) {
      assertArrayEquals(
          probabilities(accepted(row)), Arrays.copyOfRange(answer, (row - 1) * 3, row * 3));
    }
  }

  @Test
  void failsTheRequestsOfAFailedBatchAndServesTheNext() throws Exception {
    CompletableFuture<List<NamedTensor>> failing = holdOneRow();
    device.failNextRun();
    CompletableFuture<List<NamedTensor>> next = accepted(5);

    device.open();

    CompletionException e = assertThrows(CompletionException.class, failing::join);
    assertEquals("the run was told to fail", e.getCause().getMessage());
    assertArrayEquals(probabilities(accepted(5)), probabilities(next));
  }

  @Test
  void failsARequestOfManyBatchesOnlyWhenItsLastHasRun() throws Exception {
    device.hold();
    CompletableFuture<List<NamedTensor>> large = accepted(1, 2, 3, 4, 5, 6);
    device.awaitHeldRuns(1);
    device.failNextRun();

    device.open();

    assertThrows(CompletionException.class, large::join);
    queue.close();
    assertEquals(0, device.openExecutions());
  }

  @Test
  void refusesRowsBeyondTheCapacityAndTellsHowManyWait() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> waiting = accepted(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    Submission refused = queue.submit(rows(1, 2, 3), Urgency.NORMAL);

    assertEquals(10, assertInstanceOf(Submission.Refused.class, refused).queuedRows());
    assertEquals(
        new Submission.TooLarge(13, 12), queue.submit(rows(new float[13]), Urgency.NORMAL));
    CompletableFuture<List<NamedTensor>> fitting = accepted(1, 2);
    device.open();
    CompletableFuture.allOf(running, waiting, fitting).join();
  }

  @Test
  void failsWhatWaitsWhenItIsClosedAndTakesNothingMore() throws Exception {
    BatchExecutors none = BatchExecutors.start(1);
    none.close();
    BatchModel program = program(device.allocate(PROGRAM.layout().floats()));
    BatchQueue stuck = new BatchQueue(program, none, metrics.model("s", "1"), BOUNDS);
    Submission waiting = stuck.submit(rows(1), Urgency.NORMAL);

    stuck.close();

    CompletionException e =
        assertThrows(
            CompletionException.class,
            () -> assertInstanceOf(Submission.Accepted.class, waiting).outputs().join());
    assertEquals("the model was unloaded", e.getCause().getMessage());
    assertThrows(EngineException.class, () -> stuck.submit(rows(1), Urgency.NORMAL));
  }

  private DeviceBuffer parameters() {
    DeviceBuffer parameters = device.allocate(PROGRAM.layout().floats());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment weights = arena.allocate(NETWORK.layout().floats() * Float.BYTES, 64);
      NETWORK.initialise(1, weights);
      parameters.write(0, weights);
    }
    return parameters;
  }

  private BatchModel program(DeviceBuffer parameters) {
    CallSignature signature = CallSignature.ofProgram(PROGRAM.inputSpecs(), PROGRAM.outputSpecs());
    BatchProgram model = new BatchProgram(device, PROGRAM, parameters, signature, BATCH_ROWS, 1);
    model.warm();
    return model;
  }

  @Test
  void servesByPriorityAndThenInOrderOfArrival() throws Exception {
    List<String> served = new CopyOnWriteArrayList<>();
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<?> last = pressing(9, 1, 2, 3, 4).outputs().thenRun(() -> served.add("9"));
    CompletableFuture<?> normal = pressing(5, 1, 2, 3, 4).outputs().thenRun(() -> served.add("5"));
    CompletableFuture<?> first = pressing(1, 1, 2, 3, 4).outputs().thenRun(() -> served.add("1"));

    device.open();

    CompletableFuture.allOf(running, last, normal, first).join();
    assertEquals(List.of("1", "5", "9"), served);
  }

  @Test
  void refusesARequestThatWouldWaitTooLongForThoseBeforeIt() throws Exception {
    queue.close();
    BatchQueue.Bounds tight = new BatchQueue.Bounds(12, Duration.ofNanos(1));
    queue = new BatchQueue(program(parameters()), executors, metrics.model("t", "1"), tight);
    probabilities(accepted(1)); // now it knows how long a batch takes
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> next = accepted(2);

    Submission.Refused refused =
        assertInstanceOf(Submission.Refused.class, queue.submit(rows(3), Urgency.NORMAL));

    assertEquals(1, refused.queuedRows());
    assertTrue(refused.delay().isPositive(), refused.toString());
    Urgency urgent = Urgency.NORMAL.withPriority(Urgency.FIRST);
    Submission before = queue.submit(rows(3), urgent);
    assertInstanceOf(Submission.Accepted.class, before, "nobody waits before it");
    device.open();
    CompletableFuture.allOf(running, next).join();
  }

  @Test
  void refusesARequestWhoseTimeWouldBeOverBeforeItsTurn() throws Exception {
    probabilities(accepted(1));
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> next = accepted(2);

    Submission hasty = queue.submit(rows(3), Urgency.NORMAL.within(1));

    assertInstanceOf(Submission.Refused.class, hasty);
    device.open();
    CompletableFuture.allOf(running, next).join();
  }

  @Test
  void doesNotComputeWhatIsOverItsTimeWhenItsTurnComes() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    Submission hasty = queue.submit(rows(3), Urgency.NORMAL.within(2_000_000));
    long queuedNs = System.nanoTime();
    while (System.nanoTime() - queuedNs <= 2_000_000) {
      Thread.onSpinWait();
    }

    device.open();

    CompletionException e =
        assertThrows(
            CompletionException.class,
            () -> assertInstanceOf(Submission.Accepted.class, hasty).outputs().join());
    assertEquals(
        "the request's time of 2 ms was over before its turn came", e.getCause().getMessage());
    running.join();
    assertTrue(metrics.scrape().contains("nv_inference_count{model=\"m\",version=\"1\"} 1.0"));
    assertTrue(metrics.scrape().contains("tidemill_queue_rows{model=\"m\",version=\"1\"} 0.0"));
  }

  @Test
  void doesNotComputeWhatNobodyWaitsForAnyMore() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    Submission.Accepted left = pressing(5, 1, 2);
    CompletableFuture<List<NamedTensor>> stays = accepted(3);

    left.withdraw().run();

    assertTrue(left.outputs().isCompletedExceptionally());
    device.open();
    running.join();
    assertArrayEquals(probabilities(accepted(3)), probabilities(stays));
    assertTrue(
        metrics.scrape().contains("tidemill_inference_abandoned{model=\"m\",version=\"1\"} 1.0"),
        metrics.scrape());
    left.withdraw().run();
  }

  @Test
  void doesNotComputeWhatIsOverItsTimeBehindARequestThatHasTime() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> patient = accepted(1);
    CompletableFuture<List<NamedTensor>> hasty = hasty(1_000_000, 2);
    awaitFailure(hasty);

    device.open();

    running.join();
    patient.join();
    assertTrue(
        metrics.scrape().contains("nv_inference_count{model=\"m\",version=\"1\"} 2.0"),
        metrics.scrape());
  }

  @Test
  void tellsThatItsTimeIsOverWhileAllExecutorsAreBusy() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> later = hasty(3_600_000_000_000L, 1);
    CompletableFuture<List<NamedTensor>> sooner = hasty(1_000_000, 2);
    CompletableFuture<List<NamedTensor>> next = hasty(2_000_000, 3);

    assertEquals("the request's time of 1 ms was over before its turn came", awaitFailure(sooner));
    awaitFailure(next);

    assertTrue(!running.isDone() && !later.isDone());
    device.open();
    CompletableFuture.allOf(running, later).join();
  }

  @Test
  void failsALargeRequestWhoseTimeIsOverOnceWhatRunsOfItHasRun() throws Exception {
    device.hold();
    CompletableFuture<List<NamedTensor>> large = hasty(1_000_000_000, 1, 2, 3, 4, 5, 6);
    device.awaitHeldRuns(1);
    while (!metrics.scrape().contains("tidemill_queue_rows{model=\"m\",version=\"1\"} 0.0")) {
      Thread.onSpinWait(); // until the two rows that wait are given up
    }
    assertTrue(!large.isDone());

    device.open();

    awaitFailure(large);
    assertTrue(metrics.scrape().contains("nv_inference_count{model=\"m\",version=\"1\"} 4.0"));
  }

  @Test
  void refusesARequestThatWouldBeComputedTooLateThoughItsTurnComesInTime() throws Exception {
    probabilities(accepted(1));
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> next = accepted(2);
    Submission hopeless = queue.submit(rows(3), Urgency.NORMAL.within(1));
    Duration wait = assertInstanceOf(Submission.Refused.class, hopeless).delay();

    Submission late = queue.submit(rows(3), Urgency.NORMAL.within(wait.toNanos() + 1));

    assertInstanceOf(Submission.Refused.class, late);
    device.open();
    CompletableFuture.allOf(running, next).join();
  }

  @Test
  void refusesBytesBeyondTheBoundButNotALargeRequestAlone() throws Exception {
    queue.close();
    BatchQueue.Bounds tight = new BatchQueue.Bounds(12, 16, Duration.ofSeconds(60));
    queue = new BatchQueue(program(parameters()), executors, metrics.model("b", "1"), tight);
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> large = accepted(1, 2, 3);

    Submission refused = queue.submit(rows(4), Urgency.NORMAL);

    assertInstanceOf(Submission.Refused.class, refused);
    device.open();
    CompletableFuture.allOf(running, large).join();
    device.hold();
    CompletableFuture<List<NamedTensor>> again = accepted(0);
    device.awaitHeldRuns(1);
    CompletableFuture<List<NamedTensor>> shadow = accepted(queue, Urgency.BACKGROUND, 1, 2, 3, 4);
    CompletableFuture<List<NamedTensor>> two = accepted(1, 2);
    assertInstanceOf(Submission.Refused.class, queue.submit(rows(3), Urgency.NORMAL));
    device.open();
    CompletableFuture.allOf(again, two, shadow).join();
  }

  @Test
  void computesWhatNobodyWaitsForAfterTheRequestsForAllModels() throws Exception {
    List<String> served = new CopyOnWriteArrayList<>();
    try (BatchQueue other =
        new BatchQueue(program(parameters()), executors, metrics.model("o", "1"), BOUNDS)) {
      CompletableFuture<List<NamedTensor>> running = holdOneRow();
      CompletableFuture<?> shadow =
          accepted(other, Urgency.BACKGROUND, 1).thenRun(() -> served.add("shadow"));
      CompletableFuture<?> first = accepted(1, 2, 3, 4).thenRun(() -> served.add("first"));
      CompletableFuture<?> second = accepted(1, 2, 3, 4).thenRun(() -> served.add("second"));

      device.open();

      CompletableFuture.allOf(running, shadow, first, second).join();
      assertEquals(List.of("first", "second", "shadow"), served);
    }
  }

  @Test
  void computesTwoBatchesAtOnceWhereTwoExecutorsAreFree() throws Exception {
    try (BatchExecutors two = BatchExecutors.start(2)) {
      BatchProgram model =
          new BatchProgram(
              device,
              PROGRAM,
              parameters(),
              CallSignature.ofProgram(PROGRAM.inputSpecs(), PROGRAM.outputSpecs()),
              BATCH_ROWS,
              2);
      model.warm();
      try (BatchQueue wide = new BatchQueue(model, two, metrics.model("w", "1"), BOUNDS)) {
        device.hold();
        CompletableFuture<List<NamedTensor>> first = accepted(wide, Urgency.NORMAL, 1);
        device.awaitHeldRuns(1);

        CompletableFuture<List<NamedTensor>> second = accepted(wide, Urgency.NORMAL, 2);

        device.awaitHeldRuns(2);
        device.open();
        CompletableFuture.allOf(first, second).join();
      }
    }
  }

  @Test
  void doesNotPutWhatNobodyWaitsForIntoTheBatchOfARequest() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> shadow = accepted(queue, Urgency.BACKGROUND, 1);
    CompletableFuture<List<NamedTensor>> request = accepted(2);

    device.open();

    CompletableFuture.allOf(running, shadow, request).join();
    assertTrue(
        metrics.scrape().contains("nv_inference_exec_count{model=\"m\",version=\"1\"} 3.0"),
        metrics.scrape());
  }

  @Test
  void computesTheRequestsOfAFailedBatchOneByOne() throws Exception {
    CompletableFuture<List<NamedTensor>> running = holdOneRow();
    CompletableFuture<List<NamedTensor>> one = accepted(1);
    CompletableFuture<List<NamedTensor>> two = accepted(2);
    device.failRunsAfter(1, 2); // the batch of both, then the first of them alone

    device.open();

    running.join();
    assertThrows(CompletionException.class, one::join);
    assertArrayEquals(probabilities(accepted(2)), probabilities(two));
  }

  /** A request whose batch waits at the gate, so that those after it have to queue. */
  private CompletableFuture<List<NamedTensor>> holdOneRow() throws InterruptedException {
    device.hold();
    CompletableFuture<List<NamedTensor>> answer = accepted(0);
    device.awaitHeldRuns(1);
    return answer;
  }

  private Submission.Accepted pressing(int priority, float... firsts) {
    Urgency urgency = Urgency.NORMAL.withPriority(priority);
    return assertInstanceOf(Submission.Accepted.class, queue.submit(rows(firsts), urgency));
  }

  private CompletableFuture<List<NamedTensor>> accepted(float... firsts) {
    return accepted(queue, Urgency.NORMAL, firsts);
  }

  private CompletableFuture<List<NamedTensor>> hasty(long timeoutNs, float... firsts) {
    return accepted(queue, Urgency.NORMAL.within(timeoutNs), firsts);
  }

  private static CompletableFuture<List<NamedTensor>> accepted(
      BatchQueue queue, Urgency urgency, float... firsts) {
    return assertInstanceOf(Submission.Accepted.class, queue.submit(rows(firsts), urgency))
        .outputs();
  }

  private static String awaitFailure(CompletableFuture<List<NamedTensor>> answer) {
    return assertThrows(ExecutionException.class, () -> answer.get(30, TimeUnit.SECONDS))
        .getCause()
        .getMessage();
  }

  /** One row for each number: the number, and its half. */
  private static List<NamedTensor> rows(float... firsts) {
    float[] data = new float[firsts.length * 2];
    for (int i = 0; i < firsts.length; i++) {
      data[2 * i] = firsts[i];
      data[2 * i + 1] = firsts[i] / 2;
    }
    return List.of(
        new NamedTensor(
            PROGRAM.inputSpecs().getFirst().name(),
            DataType.FLOAT32,
            Shape.of(firsts.length, 2),
            MemorySegment.ofArray(data)));
  }

  private static float[] probabilities(CompletableFuture<List<NamedTensor>> answer) {
    return answer.join().getFirst().data().toArray(ValueLayout.JAVA_FLOAT);
  }
}
