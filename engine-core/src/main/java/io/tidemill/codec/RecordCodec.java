package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A record: its components one after the other, nothing between them.
 *
 * <p>Accessors, writers and the constructor are joined into one method handle per direction when
 * the codec is made; the JVM compiles such a handle as if the code had been written by hand,
 * without reflection or boxing.
 */
final class RecordCodec<R> implements Codec<R> {
  private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

  /** A component that is an object; its two methods are bound into the handles. */
  record Component(Codec<Object> codec, String path) {
    @SuppressWarnings("unchecked") // The accessor or constructor beside it has the same type.
    static Component of(Codec<?> codec, String path) {
      return new Component((Codec<Object>) codec, path);
    }

    void encode(Object value, ByteWriter out) {
      if (value == null) {
        throw new EngineException(
            ErrorCode.INVALID_DATA,
            path + " is null; a component that may be absent is an Optional");
      }
      codec.encode(value, out);
    }

    Object decode(ByteReader in) {
      return codec.decode(in);
    }

    MethodHandle encoder() throws ReflectiveOperationException {
      MethodType type = MethodType.methodType(void.class, Object.class, ByteWriter.class);
      return LOOKUP.findVirtual(Component.class, "encode", type).bindTo(this);
    }

    MethodHandle decoder() throws ReflectiveOperationException {
      MethodType type = MethodType.methodType(Object.class, ByteReader.class);
      return LOOKUP.findVirtual(Component.class, "decode", type).bindTo(this);
    }
  }

  private final String schema;
  private final MethodHandle encoder; // (Object record, ByteWriter) -> void
  private final MethodHandle decoder; // (ByteReader) -> Object

  private RecordCodec(String schema, MethodHandle encoder, MethodHandle decoder) {
    this.schema = schema;
    this.encoder = encoder;
    this.decoder = decoder;
  }

  /** The codec of a record class whose components have these codecs, in order. */
  static Codec<?> of(Class<?> type, List<Codec<?>> codecs, String where) {
    RecordComponent[] components = type.getRecordComponents();
    StringBuilder schema = new StringBuilder(CodecFactory.nameOf(type)).append('{');
    for (int i = 0; i < components.length; i++) {
      schema.append(i == 0 ? "" : ",").append(components[i].getName());
      schema.append(':').append(codecs.get(i).schema());
    }
    try {
      MethodHandles.Lookup access = MethodHandles.privateLookupIn(type, LOOKUP);
      return new RecordCodec<>(
          schema.append('}').toString(),
          encoderOf(type, components, codecs, access),
          decoderOf(type, components, codecs, access));
    } catch (ReflectiveOperationException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where + ": record " + type.getName() + " cannot be reached; open its package to tidemill",
          e);
    }
  }

  @Override
  public void encode(R value, ByteWriter out) {
    try {
      encoder.invokeExact((Object) value, out);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  @SuppressWarnings("unchecked") // The constructor in the handle is that of R.
  public R decode(ByteReader in) {
    try {
      return (R) (Object) decoder.invokeExact(in);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public String schema() {
    return schema;
  }

  private static MethodHandle encoderOf(
      Class<?> type,
      RecordComponent[] components,
      List<Codec<?>> codecs,
      MethodHandles.Lookup access)
      throws ReflectiveOperationException {
    MethodHandle all =
        MethodHandles.empty(MethodType.methodType(void.class, type, ByteWriter.class));
    for (int i = components.length - 1; i >= 0; i--) {
      MethodHandle accessor = access.unreflect(components[i].getAccessor());
      String path = CodecFactory.nameOf(type) + "." + components[i].getName();
      MethodHandle writer =
          components[i].getType().isPrimitive()
              ? primitiveWriter(components[i].getType())
              : Component.of(codecs.get(i), path).encoder();
      MethodHandle one =
          MethodHandles.filterArguments(
              writer,
              0,
              accessor.asType(MethodType.methodType(writer.type().parameterType(0), type)));
      all = MethodHandles.foldArguments(all, one);
    }
    return all.asType(MethodType.methodType(void.class, Object.class, ByteWriter.class));
  }

  private static MethodHandle decoderOf(
      Class<?> type,
      RecordComponent[] components,
      List<Codec<?>> codecs,
      MethodHandles.Lookup access)
      throws ReflectiveOperationException {
    Class<?>[] types =
        List.of(components).stream().map(RecordComponent::getType).toArray(Class[]::new);
    MethodHandle all = access.findConstructor(type, MethodType.methodType(void.class, types));
    // From the last to the first, because the collector that is put on last runs first.
    for (int i = components.length - 1; i >= 0; i--) {
      MethodHandle reader =
          types[i].isPrimitive()
              ? primitiveReader(types[i])
              : Component.of(codecs.get(i), "").decoder();
      all =
          MethodHandles.collectArguments(
              all, i, reader.asType(MethodType.methodType(types[i], ByteReader.class)));
    }
    MethodType one = MethodType.methodType(type, ByteReader.class);
    int[] sameReader = IntStream.range(0, components.length).map(i -> 0).toArray();
    return MethodHandles.permuteArguments(all, one, sameReader)
        .asType(MethodType.methodType(Object.class, ByteReader.class));
  }

  /** (type, ByteWriter) -> void. */
  private static MethodHandle primitiveWriter(Class<?> type) throws ReflectiveOperationException {
    boolean narrow = type == byte.class || type == short.class;
    Class<?> written = narrow ? int.class : type;
    MethodHandle write =
        LOOKUP.findVirtual(
            ByteWriter.class, "write" + capital(type), MethodType.methodType(void.class, written));
    MethodType valueFirst = MethodType.methodType(void.class, written, ByteWriter.class);
    return MethodHandles.permuteArguments(write, valueFirst, 1, 0)
        .asType(valueFirst.changeParameterType(0, type));
  }

  /** (ByteReader) -> type. */
  private static MethodHandle primitiveReader(Class<?> type) throws ReflectiveOperationException {
    return LOOKUP.findVirtual(
        ByteReader.class, "read" + capital(type), MethodType.methodType(type));
  }

  private static String capital(Class<?> primitive) {
    String name = primitive.getName();
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }

  /** Accessors and constructors are user code and may throw anything; records rarely do. */
  private static RuntimeException unchecked(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new EngineException(ErrorCode.USER_CODE, "a record threw " + thrown, thrown);
    };
  }
}
