package io.tidemill.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.math.BigDecimal;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CodecsTest {
  enum Kind {
    CARD,
    CASH
  }

  record Scalars(
      boolean a, byte b, short c, char d, int e, long f, float g, double h, Integer i, Kind kind) {}

  record Times(Instant at, LocalDateTime local, LocalDate day, Duration length) {}

  record Values(UUID id, BigDecimal amount, String text, Optional<String> note) {}

  record Pair<A, B>(A left, B right) {}

  record Nested(Pair<String, List<Integer>> pair, Map<String, Values> byName) {}

  private record Hidden(int x) {}

  record Empty() {}

  sealed interface Shape permits Circle, Square, Many {}

  record Circle(double radius) implements Shape {}

  record Square(int side) implements Shape {}

  record Many(List<Shape> shapes) implements Shape {}

  record Owner(String name, Socket socket) {}

  record Transaction(long id, Optional<Owner> owner) {}

  @SuppressWarnings("rawtypes") // The subject of a test.
  record Raw(List items) {}

  @SuppressWarnings("ArrayRecordComponent") // The subject of a test.
  record Arrays(byte[] a, int[] b, long[] c, float[] d, double[] e) {}

  @Test
  void readsBackAllScalarsAtTheirExtremes() {
    Scalars scalars =
        new Scalars(
            true,
            Byte.MIN_VALUE,
            Short.MIN_VALUE,
            '\uffff',
            Integer.MIN_VALUE,
            Long.MIN_VALUE,
            -0.0f,
            Double.MIN_VALUE,
            7,
            Kind.CASH);

    assertEquals(scalars, roundTrip(Codecs.of(Scalars.class), scalars));
  }

  @Test
  void readsBackTimesToTheNanosecond() {
    Times times =
        new Times(
            Instant.parse("1969-12-31T23:59:59.999999999Z"),
            LocalDateTime.parse("2018-04-01T00:00:31.5"),
            LocalDate.parse("-0044-03-15"),
            Duration.ofNanos(-1));

    assertEquals(times, roundTrip(Codecs.of(Times.class), times));
  }

  @Test
  void readsBackGenericComponentsOfRecords() {
    Values values =
        new Values(
            new UUID(1, -1),
            new BigDecimal("-123456789012345678901.20"),
            "żółw 🐢",
            Optional.empty());
    Nested nested = new Nested(new Pair<>("a", List.of(1, 2, 3)), Map.of("x", values, "y", values));

    assertEquals(nested, roundTrip(Codecs.of(Nested.class), nested));
  }

  @Test
  void readsBackSealedTypesThatContainThemselves() {
    Shape shape = new Many(List.of(new Circle(1.5), new Many(List.of()), new Square(2)));

    assertEquals(shape, roundTrip(Codecs.of(Shape.class), shape));
  }

  @Test
  void readsBackPrivateAndEmptyRecords() {
    assertEquals(new Hidden(3), roundTrip(Codecs.of(Hidden.class), new Hidden(3)));
    assertEquals(new Empty(), roundTrip(Codecs.of(Empty.class), new Empty()));
  }

  @Test
  void readsBackArrays() {
    Arrays arrays =
        new Arrays(
            new byte[] {1, -1},
            new int[] {2},
            new long[] {3, 4},
            new float[] {Float.NaN},
            new double[0]);

    Arrays read = roundTrip(Codecs.of(Arrays.class), arrays);

    assertArrayEquals(arrays.a, read.a);
    assertArrayEquals(arrays.b, read.b);
    assertArrayEquals(arrays.c, read.c);
    assertArrayEquals(arrays.d, read.d);
    assertArrayEquals(arrays.e, read.e);
  }

  @Test
  void writesRecordsWithoutAnythingBetweenTheComponents() {
    ByteWriter out = new ByteWriter();

    Codecs.of(Pair3.class).encode(new Pair3(1, "ab", Optional.of(2L)), out);

    assertArrayEquals(
        new byte[] {1, 0, 0, 0, 2, 'a', 'b', 1, 2, 0, 0, 0, 0, 0, 0, 0}, out.toByteArray());
  }

  record Pair3(int a, String b, Optional<Long> c) {}

  @Test
  void givesEqualMapsEqualBytes() {
    Codec<Maps> codec = Codecs.of(Maps.class);
    Map<String, Integer> reversed = new LinkedHashMap<>();
    reversed.put("b", 2);
    reversed.put("a", 1);

    assertArrayEquals(
        encode(codec, new Maps(new LinkedHashMap<>(Map.of("a", 1, "b", 2)))),
        encode(codec, new Maps(reversed)));
  }

  record Maps(Map<String, Integer> map) {}

  @Test
  void saysNamesAndTypesInTheSchema() {
    assertEquals(
        "CodecsTest.Pair3{a:int,b:string,c:optional<long>}", Codecs.of(Pair3.class).schema());
    assertEquals(
        "CodecsTest.Shape(CodecsTest.Circle{radius:double}"
            + "|CodecsTest.Many{shapes:list<CodecsTest.Shape>}|CodecsTest.Square{side:int})",
        Codecs.of(Shape.class).schema());
    assertEquals("CodecsTest.Kind(CARD|CASH)", Codecs.of(Kind.class).schema());
  }

  @Test
  void namesThePathOfAFieldThatHasNoCodec() {
    EngineException refused =
        assertThrows(
            EngineException.class, () -> Codecs.of(Transaction.class, "operator card-features"));

    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertEquals(
        "operator card-features: CodecsTest.Transaction.owner.socket has type java.net.Socket,"
            + " which has no codec; use a record, sealed interface, enum, primitive, String,"
            + " primitive array, List, Map, Optional, java.time type, UUID or BigDecimal",
        refused.getMessage());
  }

  @Test
  void refusesRawTypes() {
    EngineException refused =
        assertThrows(EngineException.class, () -> Codecs.of(Raw.class, "source cards"));

    assertEquals(
        "source cards: CodecsTest.Raw.items has the raw type java.util.List, so the types of its"
            + " elements are unknown; give its type arguments",
        refused.getMessage());
  }

  @Test
  void namesTheComponentThatIsNull() {
    Codec<Pair3> codec = Codecs.of(Pair3.class);

    EngineException refused =
        assertThrows(
            EngineException.class,
            () -> codec.encode(new Pair3(1, null, Optional.empty()), new ByteWriter()));

    assertEquals(
        "CodecsTest.Pair3.b is null; a component that may be absent is an Optional",
        refused.getMessage());
  }

  @Test
  void refusesEveryTruncation() {
    Codec<Nested> codec = Codecs.of(Nested.class);
    byte[] whole = encode(codec, new Nested(new Pair<>("ab", List.of(1, 2)), Map.of()));

    for (int length = 0; length < whole.length; length++) {
      ByteReader cut = new ByteReader(whole, 0, length);
      EngineException refused = assertThrows(EngineException.class, () -> codec.decode(cut));
      assertEquals(ErrorCode.CORRUPT_STATE, refused.code());
    }
  }

  @Test
  void refusesUnknownVariantsAndConstants() {
    ByteReader nine = new ByteReader(new byte[] {9});
    assertThrows(EngineException.class, () -> Codecs.of(Shape.class).decode(nine));
    ByteReader two = new ByteReader(new byte[] {2});
    assertThrows(EngineException.class, () -> Codecs.of(Kind.class).decode(two));
  }

  @Test
  void refusesHalfASurrogatePair() {
    EngineException refused =
        assertThrows(
            EngineException.class,
            () -> Codecs.of(String.class).encode("ok \ud83d", new ByteWriter()));

    assertEquals(ErrorCode.INVALID_DATA, refused.code());
  }

  @Test
  void readsBackVarintsOfEveryLength() {
    ByteWriter out = new ByteWriter(1);
    for (int shift = 0; shift < 64; shift++) {
      out.writeVarLong(1L << shift);
      out.writeVarInt(1 << (shift & 31));
    }

    ByteReader in = new ByteReader(out.toByteArray());

    for (int shift = 0; shift < 64; shift++) {
      assertEquals(1L << shift, in.readVarLong());
      assertEquals(1 << (shift & 31), in.readVarInt());
    }
    assertEquals(0, in.remaining());
  }

  private static <T> T roundTrip(Codec<T> codec, T value) {
    ByteReader in = new ByteReader(encode(codec, value));
    T read = codec.decode(in);
    assertEquals(0, in.remaining());
    return read;
  }

  private static <T> byte[] encode(Codec<T> codec, T value) {
    ByteWriter out = new ByteWriter(1);
    codec.encode(value, out);
    return out.toByteArray();
  }
}
