package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A sealed interface: the position of the variant among all variants sorted by name, then the
 * variant.
 */
final class SealedCodec implements Codec<Object> {
  private final String name;
  private final Class<?>[] variants;
  private final Codec<Object>[] codecs;

  @SuppressWarnings("unchecked") // Arrays of generics; each codec is used with its variant only.
  SealedCodec(String name, List<Class<?>> variants, List<Codec<?>> codecs) {
    this.name = name;
    this.variants = variants.toArray(Class<?>[]::new);
    this.codecs = codecs.toArray(Codec[]::new);
  }

  @Override
  public void encode(Object value, ByteWriter out) {
    int variant = variantOf(value);
    out.writeVarInt(variant);
    codecs[variant].encode(value, out);
  }

  @Override
  public Object decode(ByteReader in) {
    int variant = in.readVarInt();
    if (variant < 0 || variant >= codecs.length) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          name
              + " has "
              + codecs.length
              + " variants but number "
              + Integer.toUnsignedString(variant)
              + " was stored");
    }
    return codecs[variant].decode(in);
  }

  @Override
  public String schema() {
    return List.of(codecs).stream()
        .map(Codec::schema)
        .collect(Collectors.joining("|", name + "(", ")"));
  }

  /** A scan: the few variants lie in one cache line, and enum constants may have bodies. */
  private int variantOf(Object value) {
    for (int i = 0; i < variants.length; i++) {
      if (variants[i].isInstance(value)) {
        return i;
      }
    }
    throw new EngineException(
        ErrorCode.INVALID_DATA, value.getClass().getName() + " is no variant of " + name);
  }
}
