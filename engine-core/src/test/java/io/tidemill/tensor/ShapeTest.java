package io.tidemill.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void opensItsFirstDimensionOnlyUnlessAskedForMore() {
    assertThrows(EngineException.class, () -> Shape.of(3, Shape.ANY));
    assertThrows(EngineException.class, () -> Shape.open(-2));

    Shape open = Shape.open(3, Shape.ANY);

    assertFalse(open.isOpen());
    assertFalse(open.isFixed());
    assertEquals("[3, *]", open.toString());
    assertTrue(Shape.of(3, 4).isFixed());
  }

  @Test
  void bindsDimensionsThatAgreeWithIt() {
    Shape shape = Shape.open(Shape.ANY, 3, Shape.ANY);

    assertEquals(Optional.of(Shape.of(2, 3, 7)), shape.bind(new long[] {2, 3, 7}));
    assertEquals(Optional.empty(), shape.bind(new long[] {2, 4, 7}));
    assertEquals(Optional.empty(), shape.bind(new long[] {2, 3}));
    assertEquals(Optional.empty(), shape.bind(new long[] {0, 3, 7}));
    assertEquals(Optional.of(Shape.of()), Shape.of().bind(new long[] {}));
  }

  @Test
  void bindsNothingWithMoreElementsThanCanBeCounted() {
    long most = Integer.MAX_VALUE;

    assertEquals(
        Optional.empty(),
        Shape.open(Shape.ANY, Shape.ANY, Shape.ANY).bind(new long[] {most, most, most}));
    assertEquals(Optional.empty(), Shape.of(Shape.ANY).bind(new long[] {most + 1}));
    assertEquals(Optional.empty(), Shape.open(0, Shape.ANY).bind(new long[] {0, Long.MAX_VALUE}));
  }
}
