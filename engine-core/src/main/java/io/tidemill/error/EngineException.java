package io.tidemill.error;

import java.io.Serial;

/**
 * The one exception of the engine: a code and one clear sentence.
 *
 * <p>The sentence says what went wrong and where, then what was expected and found, then what to
 * do, for example {@code gradient shape mismatch: parameter=wte expected=[50257,768]
 * actual=[50257,512]}.
 */
public final class EngineException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public EngineException(ErrorCode code, String sentence) {
    super(sentence);
    this.code = code;
  }

  public EngineException(ErrorCode code, String sentence, Throwable cause) {
    super(sentence, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }
}
