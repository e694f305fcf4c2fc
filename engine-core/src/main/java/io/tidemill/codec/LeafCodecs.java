package io.tidemill.codec;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The codecs of the types that have no components, by class. */
final class LeafCodecs {
  private static final Map<Class<?>, Codec<?>> CODECS = new HashMap<>();

  static {
    both(boolean.class, Boolean.class, ByteWriter::writeBoolean, ByteReader::readBoolean);
    both(byte.class, Byte.class, (out, v) -> out.writeByte(v), ByteReader::readByte);
    both(short.class, Short.class, (out, v) -> out.writeShort(v), ByteReader::readShort);
    both(char.class, Character.class, ByteWriter::writeChar, ByteReader::readChar);
    both(int.class, Integer.class, ByteWriter::writeInt, ByteReader::readInt);
    both(long.class, Long.class, ByteWriter::writeLong, ByteReader::readLong);
    both(float.class, Float.class, ByteWriter::writeFloat, ByteReader::readFloat);
    both(double.class, Double.class, ByteWriter::writeDouble, ByteReader::readDouble);
    leaf(String.class, "string", ByteWriter::writeString, ByteReader::readString);
    leaf(Instant.class, "instant", LeafCodecs::writeInstant, LeafCodecs::readInstant);
    leaf(Duration.class, "duration", LeafCodecs::writeDuration, LeafCodecs::readDuration);
    leaf(LocalDate.class, "date", LeafCodecs::writeDate, LeafCodecs::readDate);
    leaf(LocalDateTime.class, "datetime", LeafCodecs::writeDateTime, LeafCodecs::readDateTime);
    leaf(UUID.class, "uuid", LeafCodecs::writeUuid, in -> new UUID(in.readLong(), in.readLong()));
    leaf(BigDecimal.class, "decimal", LeafCodecs::writeDecimal, LeafCodecs::readDecimal);
    leaf(byte[].class, "byte[]", LeafCodecs::writeBytes, in -> in.readBytes(in.readCount(1)));
    leaf(int[].class, "int[]", LeafCodecs::writeInts, LeafCodecs::readInts);
    leaf(long[].class, "long[]", LeafCodecs::writeLongs, LeafCodecs::readLongs);
    leaf(float[].class, "float[]", LeafCodecs::writeFloats, LeafCodecs::readFloats);
    leaf(double[].class, "double[]", LeafCodecs::writeDoubles, LeafCodecs::readDoubles);
  }

  private LeafCodecs() {}

  static Optional<Codec<?>> of(Class<?> type) {
    return Optional.ofNullable(CODECS.get(type));
  }

  private static <T> void leaf(
      Class<T> type, String schema, BiConsumer<ByteWriter, T> write, Function<ByteReader, T> read) {
    CODECS.put(type, new LeafCodec<>(schema, write, read));
  }

  private static <T> void both(
      Class<T> primitive,
      Class<T> box,
      BiConsumer<ByteWriter, T> write,
      Function<ByteReader, T> read) {
    leaf(box, primitive.getName(), write, read);
    CODECS.put(primitive, CODECS.get(box));
  }

  private static void writeInstant(ByteWriter out, Instant value) {
    out.writeLong(value.getEpochSecond());
    out.writeInt(value.getNano());
  }

  private static Instant readInstant(ByteReader in) {
    return Instant.ofEpochSecond(in.readLong(), in.readInt());
  }

  private static void writeDuration(ByteWriter out, Duration value) {
    out.writeLong(value.getSeconds());
    out.writeInt(value.getNano());
  }

  private static Duration readDuration(ByteReader in) {
    return Duration.ofSeconds(in.readLong(), in.readInt());
  }

  private static void writeDate(ByteWriter out, LocalDate value) {
    out.writeLong(value.toEpochDay());
  }

  private static LocalDate readDate(ByteReader in) {
    return LocalDate.ofEpochDay(in.readLong());
  }

  private static void writeDateTime(ByteWriter out, LocalDateTime value) {
    writeDate(out, value.toLocalDate());
    out.writeLong(value.toLocalTime().toNanoOfDay());
  }

  private static LocalDateTime readDateTime(ByteReader in) {
    return LocalDateTime.of(readDate(in), LocalTime.ofNanoOfDay(in.readLong()));
  }

  private static void writeUuid(ByteWriter out, UUID value) {
    out.writeLong(value.getMostSignificantBits());
    out.writeLong(value.getLeastSignificantBits());
  }

  private static void writeDecimal(ByteWriter out, BigDecimal value) {
    out.writeInt(value.scale());
    writeBytes(out, value.unscaledValue().toByteArray());
  }

  private static BigDecimal readDecimal(ByteReader in) {
    int scale = in.readInt();
    return new BigDecimal(new BigInteger(in.readBytes(in.readCount(1))), scale);
  }

  private static void writeBytes(ByteWriter out, byte[] values) {
    out.writeVarInt(values.length);
    out.writeBytes(values);
  }

  private static void writeInts(ByteWriter out, int[] values) {
    out.writeVarInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] readInts(ByteReader in) {
    int[] values = new int[in.readCount(Integer.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  private static void writeLongs(ByteWriter out, long[] values) {
    out.writeVarInt(values.length);
    for (long value : values) {
      out.writeLong(value);
    }
  }

  private static long[] readLongs(ByteReader in) {
    long[] values = new long[in.readCount(Long.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readLong();
    }
    return values;
  }

  private static void writeFloats(ByteWriter out, float[] values) {
    out.writeVarInt(values.length);
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  private static float[] readFloats(ByteReader in) {
    float[] values = new float[in.readCount(Float.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
    return values;
  }

  private static void writeDoubles(ByteWriter out, double[] values) {
    out.writeVarInt(values.length);
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  private static double[] readDoubles(ByteReader in) {
    double[] values = new double[in.readCount(Double.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readDouble();
    }
    return values;
  }
}
