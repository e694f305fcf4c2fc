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
 * from memory that it keeps. Answers as a {@link Responder}; argument: the ONNX file.
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
    new Responder(out, own::rate).serve("onnxruntime", own.environment.getVersion(), System.in);
    System.exit(0);
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
    FloatBuffer pixels =
        ByteBuffer.allocateDirect(Digit.PIXELS * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    pixels.put(Digit.of(0).pixels()).flip();
    long[] shape = {1, Digit.PIXELS};
    try (OnnxTensor row = OnnxTensor.createTensor(environment, pixels, shape)) {
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
