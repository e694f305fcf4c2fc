package io.tidemill.serving.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The one environment of ONNX Runtime in this process, made when the first model needs it; silent,
 * since what is wrong comes as exceptions, and without telemetry. Lives as long as the process.
 */
final class OnnxRuntime {
  /** Of which only what is used becomes memory. */
  private static final long STACK_BYTES = 256L << 20;

  private static OrtEnvironment environment;

  private OnnxRuntime() {}

  static synchronized OrtEnvironment environment() {
    if (environment == null) {
      environment = create();
    }
    return environment;
  }

  /**
   * ONNX Runtime 1.29 reads the command line by a recursion of about 250 bytes of stack for each
   * character: a class path of 4,000 characters ends a thread of ordinary size, and with it the
   * process. So a thread with room enough does it.
   */
  private static OrtEnvironment create() {
    CompletableFuture<OrtEnvironment> made = new CompletableFuture<>();
    Runnable creation =
        () -> {
          try {
            OrtEnvironment created =
                OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            created.setTelemetry(false);
            made.complete(created);
          } catch (OrtException | RuntimeException | LinkageError e) {
            made.completeExceptionally(e);
          }
        };
    new Thread(null, creation, "tidemill-onnx-start", STACK_BYTES).start();
    try {
      return made.join();
    } catch (CompletionException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "ONNX Runtime cannot be loaded: " + e.getCause(), e);
    }
  }
}
