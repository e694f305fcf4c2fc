package io.tidemill.dsl;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.Serializable;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;

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
          where
              + ": cannot tell which type the function returns (found "
              + result.getName()
              + "); give it as a parameter: "
              + where
              + ", Type.class, function");
    }
    return result;
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
