package io.tidemill.serving.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The one environment of ONNX Runtime in this process, made when the first model needs it; silent,
 * since what is wrong comes as exceptions. Lives as long as the process.
 *
 * <p>ONNX Runtime 1.29 for Linux would tell its makers how it is used, and reads the command line
 * for that by a recursion that ends the process where the line is longer than some 4,000
 * characters, as class paths are. Both are off; design 0015.
 */
final class OnnxRuntime {
  private static OrtEnvironment environment;

  private OnnxRuntime() {}

  static synchronized OrtEnvironment environment() {
    if (environment == null) {
      environment = create();
    }
    return environment;
  }

  private static OrtEnvironment create() {
    setVariable("ORT_DISABLE_TELEMETRY", "1");
    try {
      OrtEnvironment created =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      created.setTelemetry(false);
      return created;
    } catch (OrtException | LinkageError e) {
      throw new EngineException(ErrorCode.RESOURCE, "ONNX Runtime cannot be loaded: " + e, e);
    }
  }

  /** In the environment of this process, which Java itself reads only. */
  private static void setVariable(String name, String value) {
    Linker linker = Linker.nativeLinker();
    MethodHandle setenv =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int result = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      if (result != 0) {
        throw new EngineException(ErrorCode.RESOURCE, name + " cannot be set");
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("setenv cannot be called", e);
    }
  }
}
