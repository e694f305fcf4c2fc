package io.tidemill.codec;

import io.tidemill.error.EngineException;
import java.lang.reflect.Type;

/**
 * Makes codecs for the types of records, keys and state.
 *
 * <p>Supported are primitives and their boxes, {@code String}, enums, arrays of {@code byte},
 * {@code int}, {@code long}, {@code float} and {@code double}, {@code Instant}, {@code
 * LocalDateTime}, {@code LocalDate}, {@code Duration}, {@code UUID}, {@code BigDecimal}, {@code
 * List}, {@code Map} and {@code Optional} of these, records and sealed interfaces over records or
 * enums. Anything else is refused here, at submission, with the path of the field. Java
 * serialisation is never used.
 *
 * <p>A null is refused when it is encoded, with the name of the field: absence is {@code Optional}.
 */
public final class Codecs {
  private Codecs() {}

  /** The codec of a class without type arguments. */
  public static <T> Codec<T> of(Class<T> type) {
    @SuppressWarnings("unchecked") // A codec that is made for a class reads and writes that class.
    Codec<T> codec = (Codec<T>) of(type, "codec");
    return codec;
  }

  /**
   * The codec of any type, as reflection gives it.
   *
   * @param where who needs it, for the error: {@code operator card-features}
   * @throws EngineException INVALID_ARGUMENT that names the path of the field without codec
   */
  public static Codec<?> of(Type type, String where) {
    return new CodecFactory(where).codecOf(type);
  }
}
