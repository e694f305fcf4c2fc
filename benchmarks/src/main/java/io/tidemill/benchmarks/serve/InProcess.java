package io.tidemill.benchmarks.serve;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * ONNX Runtime without a server around it: a thread a core, each running one row after the other
 * from memory that it keeps. Answers as a {@link Responder}; arguments: the ONNX file, and the
 * probabilities that it has to give about the first digit, with blanks between.
 */
public final class InProcess {
  /**
   * What its process needs: its telemetry reads the command line by a recursion that ends the
   * process where a class path is long; design 0015.
   */
  static final Map<String, String> ENVIRONMENT = Map.of("ORT_DISABLE_TELEMETRY", "1");

  private static final int THREADS = Runtime.getRuntime().availableProcessors();

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  private InProcess(String file) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    session = environment.createSession(file, options);
  }

  public static void main(String[] args) throws IOException, OrtException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err); // answers alone go to standard output
    InProcess own = new InProcess(args[0]);
    own.check(args[1].split(" ", -1));
    new Responder(out, own::rate).serve("onnxruntime", own.environment.getVersion(), System.in);
    System.exit(0);
  }

  /** What is wrong is not timed. */
  private void check(String[] expected) throws OrtException {
    try (OnnxTensor row = row();
        OrtSession.Result result = session.run(Map.of(ServedModel.INPUT, row))) {
      float[][] found = (float[][]) result.get(ServedModel.PROBABILITIES).orElseThrow().getValue();
      for (int i = 0; i < expected.length; i++) {
        if (!(Math.abs(found[0][i] - Double.parseDouble(expected[i])) <= AnswerCheck.TOLERANCE)) {
          throw new EngineException(
              ErrorCode.INTERNAL,
              "ONNX Runtime answers wrongly: expected %s, found %s"
                  .formatted(expected[i], found[0][i]));
        }
      }
    }
  }

  private OnnxTensor row() throws OrtException {
    FloatBuffer pixels =
        ByteBuffer.allocateDirect(Digit.PIXELS * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    pixels.put(Digit.of(0).pixels()).flip();
    return OnnxTensor.createTensor(environment, pixels, new long[] {1, Digit.PIXELS});
  }

  /** Rows a second of all threads. */
  private double rate(double seconds) {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Double>> rates = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        rates.add(threads.submit(() -> rateOfOne(seconds)));
      }
      double sum = 0;
      for (Future<Double> rate : rates) {
        sum += rate.get();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new EngineException(ErrorCode.INTERNAL, "ONNX Runtime: " + e.getCause(), e);
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  private double rateOfOne(double seconds) throws OrtException {
    try (OnnxTensor row = row()) {
      Map<String, OnnxTensor> inputs = Map.of(ServedModel.INPUT, row);
      long beganNs = System.nanoTime();
      long endNs = beganNs + (long) (seconds * 1e9);
      long done = 0;
      long nowNs = beganNs;
      while (nowNs < endNs) {
        session.run(inputs).close();
        done++;
        nowNs = System.nanoTime();
      }
      return done / ((nowNs - beganNs) / 1e9);
    }
  }
}
