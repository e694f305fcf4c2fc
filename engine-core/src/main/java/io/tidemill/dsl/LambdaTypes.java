package io.tidemill.dsl;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.Serializable;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;

/**
 * Finds out which records a user's function makes, so that pipelines need not say it twice.
 *
 * <p>A lambda that is declared serialisable knows the method type that it was compiled for. It is
 * asked for that type only; nothing is ever serialised.
 */
final class LambdaTypes {
  private LambdaTypes() {}

  /** The type that the lambda or method reference returns; {@code where} is named in the error. */
  static Class<?> resultOf(Serializable lambda, String where) {
    Class<?> result = instantiatedType(lambda, where).returnType();
    if (result == Object.class || Iterable.class.isAssignableFrom(result)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where + ": cannot tell which type the function returns (found " + result.getName()
              + "); give it as a parameter: " + where + ", Type.class, function");
    }
    return result;
  }

  /**
   * What a class gives for type parameter {@code index} of its generic superclass {@code base}, for
   * example the O of {@code extends KeyedProcess<K, I, O>}.
   */
  static Class<?> argumentOf(Class<?> type, Class<?> base, int index, String where) {
    for (Type parent = type.getGenericSuperclass(); parent != null; ) {
      if (parent instanceof ParameterizedType generic && generic.getRawType() == base) {
        if (generic.getActualTypeArguments()[index] instanceof Class<?> argument) {
          return argument;
        }
        break;
      }
      parent = parent instanceof Class<?> plain ? plain.getGenericSuperclass() : null;
    }
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        where + ": " + type.getName() + " has to extend " + base.getSimpleName()
            + " directly and with plain classes as type arguments, found "
            + Arrays.toString(base.getTypeParameters()));
  }

  private static MethodType instantiatedType(Serializable lambda, String where) {
    try {
      Method replace = lambda.getClass().getDeclaredMethod("writeReplace");
      replace.setAccessible(true);
      SerializedLambda form = (SerializedLambda) replace.invoke(lambda);
      return MethodType.fromMethodDescriptorString(
          form.getInstantiatedMethodType(), lambda.getClass().getClassLoader());
    } catch (ReflectiveOperationException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where + ": expected a lambda or method reference, found " + lambda.getClass().getName(),
          e);
    }
  }
}
