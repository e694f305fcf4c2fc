package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Walks a type once and builds its codec; lives for one call of {@link Codecs}. */
final class CodecFactory {
  /** A class with the schemas of its type arguments: what may refer to itself. */
  private record Named(Class<?> type, List<String> arguments) {}

  private final String where;
  private final Map<Named, LateCodec<?>> begun = new HashMap<>();

  CodecFactory(String where) {
    this.where = where;
  }

  Codec<?> codecOf(Type type) {
    return codecOf(type, nameOf(rawOf(type)), Map.of());
  }

  /** A class's name without its package: {@code Outer.Inner}. */
  static String nameOf(Class<?> type) {
    String name = type.getName();
    return name.substring(name.lastIndexOf('.') + 1).replace('$', '.');
  }

  private Codec<?> codecOf(Type type, String path, Map<TypeVariable<?>, Codec<?>> bound) {
    return switch (type) {
      case Class<?> plain -> ofClass(plain, path, List.of());
      case ParameterizedType generic -> {
        List<Codec<?>> arguments = new ArrayList<>();
        for (Type argument : generic.getActualTypeArguments()) {
          String step = rawOf(generic) == Optional.class ? "" : "[" + arguments.size() + "]";
          arguments.add(codecOf(argument, path + step, bound));
        }
        yield ofClass(rawOf(generic), path, arguments);
      }
      case TypeVariable<?> variable when bound.containsKey(variable) -> bound.get(variable);
      case WildcardType wildcard -> codecOf(wildcard.getUpperBounds()[0], path, bound);
      default -> throw unsupported(type, path);
    };
  }

  private Codec<?> ofClass(Class<?> type, String path, List<Codec<?>> arguments) {
    if (arguments.size() != type.getTypeParameters().length) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          where
              + ": "
              + path
              + " has the raw type "
              + type.getName()
              + ", so the types of its elements are unknown; give its type arguments");
    }
    Optional<Codec<?>> leaf = LeafCodecs.of(type);
    if (leaf.isPresent()) {
      return leaf.get();
    }
    if (type.isEnum()) {
      return EnumCodec.of(type);
    }
    if (type == List.class) {
      return new ListCodec<>(arguments.getFirst());
    }
    if (type == Map.class) {
      return new MapCodec<>(arguments.getFirst(), arguments.getLast());
    }
    if (type == Optional.class) {
      return new OptionalCodec<>(arguments.getFirst());
    }
    if (type.isRecord() || (type.isInterface() && type.isSealed())) {
      return ofNamed(type, path, arguments);
    }
    throw unsupported(type, path);
  }

  private Codec<?> ofNamed(Class<?> type, String path, List<Codec<?>> arguments) {
    Named named = new Named(type, arguments.stream().<String>map(Codec::schema).toList());
    LateCodec<?> open = begun.get(named);
    if (open != null) {
      return open;
    }
    LateCodec<Object> late = new LateCodec<>(nameOf(type));
    begun.put(named, late);
    Codec<?> codec = type.isRecord() ? ofRecord(type, path, arguments) : ofSealed(type, path);
    late.resolve(codec);
    begun.remove(named);
    return codec;
  }

  private Codec<?> ofRecord(Class<?> type, String path, List<Codec<?>> arguments) {
    Map<TypeVariable<?>, Codec<?>> bound = new HashMap<>();
    TypeVariable<?>[] variables = type.getTypeParameters();
    for (int i = 0; i < variables.length; i++) {
      bound.put(variables[i], arguments.get(i));
    }
    List<Codec<?>> codecs = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      codecs.add(codecOf(component.getGenericType(), path + "." + component.getName(), bound));
    }
    return RecordCodec.of(type, codecs, where);
  }

  private Codec<?> ofSealed(Class<?> type, String path) {
    List<Class<?>> variants = new ArrayList<>();
    collectVariants(type, variants);
    variants.sort(Comparator.comparing(CodecFactory::nameOf));
    List<Codec<?>> codecs = new ArrayList<>();
    for (Class<?> variant : variants) {
      codecs.add(ofClass(variant, path + "(" + nameOf(variant) + ")", List.of()));
    }
    return new SealedCodec(nameOf(type), variants, codecs);
  }

  private static void collectVariants(Class<?> type, List<Class<?>> variants) {
    for (Class<?> permitted : type.getPermittedSubclasses()) {
      if (permitted.isInterface() && permitted.isSealed()) {
        collectVariants(permitted, variants);
      } else if (!variants.contains(permitted)) {
        variants.add(permitted);
      }
    }
  }

  private static Class<?> rawOf(Type type) {
    return switch (type) {
      case Class<?> plain -> plain;
      case ParameterizedType generic -> (Class<?>) generic.getRawType();
      default -> Object.class;
    };
  }

  private EngineException unsupported(Type type, String path) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        where
            + ": "
            + path
            + " has type "
            + type.getTypeName()
            + ", which has no codec; use a record, sealed interface, enum, primitive, String,"
            + " primitive array, List, Map, Optional, java.time type, UUID or BigDecimal");
  }
}
