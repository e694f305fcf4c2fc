package io.tidemill.operator;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;

/** What a user's class gives for the type parameters of {@link KeyedProcess}. */
final class TypeArguments {
  private TypeArguments() {}

  /** Type argument {@code index} of {@code KeyedProcess<K, I, O>} as {@code type} extends it. */
  static Class<?> of(Class<?> type, int index) {
    if (type.getGenericSuperclass() instanceof ParameterizedType base
        && base.getRawType() == KeyedProcess.class
        && base.getActualTypeArguments()[index] instanceof Class<?> argument) {
      return argument;
    }
    Type found = type.getGenericSuperclass();
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        type.getName()
            + " has to extend KeyedProcess<K, I, O> directly, with classes that are not generic;"
            + " found "
            + found);
  }
}
