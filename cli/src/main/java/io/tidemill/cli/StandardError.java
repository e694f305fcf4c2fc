package io.tidemill.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Gives the process its standard error back.
 *
 * <p>JDK 25 prints a warning about the incubating Vector API before {@code main}, and nothing turns
 * it off; a refusal of ours is one line. So the launcher starts the JVM with standard error through
 * a filter and the real one as another descriptor, which a property names.
 */
final class StandardError {
  private static final String DESCRIPTOR = "tidemill.stderr";
  private static final int STDERR = 2;

  private StandardError() {}

  /** Makes descriptor 2 the real standard error again; does nothing without the launcher. */
  static void restore() {
    Integer kept = Integer.getInteger(DESCRIPTOR);
    if (kept == null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    MethodHandle dup2 =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dup2"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int result = (int) dup2.invokeExact(kept.intValue(), STDERR);
      if (result != STDERR) {
        System.out.println("tidemill: standard error could not be restored");
      }
    } catch (Throwable e) {
      throw new IllegalStateException("dup2 cannot be called", e);
    }
  }
}
