package io.tidemill.codec;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Enum constants by their position; the schema lists them, so a changed order is refused. */
final class EnumCodec<E extends Enum<E>> implements Codec<E> {
  private final String name;
  private final E[] constants;

  private EnumCodec(Class<E> type) {
    name = CodecFactory.nameOf(type);
    constants = type.getEnumConstants();
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // The factory calls it for enums only.
  static Codec<?> of(Class<?> type) {
    return new EnumCodec((Class<? extends Enum>) type);
  }

  @Override
  @SuppressWarnings("EnumOrdinal") // The schema lists the constants in order.
  public void encode(E value, ByteWriter out) {
    out.writeVarInt(value.ordinal());
  }

  @Override
  public E decode(ByteReader in) {
    int position = in.readVarInt();
    if (position < 0 || position >= constants.length) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "enum "
              + name
              + " has "
              + constants.length
              + " constants but number "
              + Integer.toUnsignedString(position)
              + " was stored");
    }
    return constants[position];
  }

  @Override
  public String schema() {
    return Arrays.stream(constants)
        .map(Enum::name)
        .collect(Collectors.joining("|", name + "(", ")"));
  }
}
