package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.OptionalLong;

/**
 * Descriptors of what oneDNN's primitives are to compute; thread-safe.
 *
 * <p>A descriptor says the operation and the formats of its operands; it is destroyed when the
 * arena that is named closes, and a {@link DnnlPrimitive} made of it goes on. Where the result is
 * optional, it is empty where oneDNN has no fast implementation for such operands. Scratch space is
 * always the caller's: oneDNN's own is shared by all primitives of a thread.
 */
final class DnnlDescriptors {
  private static final int SCRATCHPAD_OF_USER = 1;
  private static final int FORWARD_TRAINING = 64;
  private static final int CONVOLUTION_DIRECT = 1;
  private static final int SOFTMAX_ACCURATE = 0x30000;
  private static final int ELTWISE_LINEAR = 38;
  private static final int BINARY_ADD = 0x1fff0;
  private static final long NONE = 0;

  private final Dnnl dnnl;

  DnnlDescriptors(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  /** Formats of the operands of a convolution, and [height, width] of its strides and paddings. */
  record ConvolutionFormats(
      long source, long weights, long result, MemorySegment strides, MemorySegment padding) {}

  OptionalLong convolution(Arena owner, ConvolutionFormats f) {
    MethodHandle create =
        dnnl.function("dnnl_convolution_forward_primitive_desc_create", "pliillllppppl");
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "convolution",
        h ->
            (int)
                create.invokeExact(
                    h,
                    dnnl.engine(),
                    FORWARD_TRAINING,
                    CONVOLUTION_DIRECT,
                    f.source,
                    f.weights,
                    NONE,
                    f.result,
                    f.strides,
                    dilation,
                    f.padding,
                    f.padding,
                    attributes));
  }

  OptionalLong convolutionInputGradient(Arena owner, ConvolutionFormats f, long forward) {
    MethodHandle create =
        dnnl.function("dnnl_convolution_backward_data_primitive_desc_create", "plilllppppll");
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "input gradient of a convolution",
        h ->
            (int)
                create.invokeExact(
                    h,
                    dnnl.engine(),
                    CONVOLUTION_DIRECT,
                    f.source,
                    f.weights,
                    f.result,
                    f.strides,
                    dilation,
                    f.padding,
                    f.padding,
                    forward,
                    attributes));
  }

  OptionalLong convolutionWeightGradient(Arena owner, ConvolutionFormats f, long forward) {
    MethodHandle create =
        dnnl.function("dnnl_convolution_backward_weights_primitive_desc_create", "plillllppppll");
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "weight gradient of a convolution",
        h ->
            (int)
                create.invokeExact(
                    h,
                    dnnl.engine(),
                    CONVOLUTION_DIRECT,
                    f.source,
                    f.weights,
                    NONE,
                    f.result,
                    f.strides,
                    dilation,
                    f.padding,
                    f.padding,
                    forward,
                    attributes));
  }

  /**
   * What happens to a product before it is stored.
   *
   * @param scale it is multiplied by this
   * @param added format of what is then added to it, {@link DnnlPrimitive#ADDED}; 0 for nothing
   */
  record Epilogue(float scale, long added) {
    static final Epilogue NOTHING = new Epilogue(1, NONE);
  }

  /** A product of matrices, or of as many as the first dimension says; sums are float32. */
  OptionalLong matMul(Arena owner, long left, long right, long result, Epilogue epilogue) {
    MethodHandle create = dnnl.function("dnnl_matmul_primitive_desc_create", "pllllll");
    long attributes = attributes(owner, operations(owner, epilogue));
    return dnnl.descriptor(
        owner,
        "product",
        h -> (int) create.invokeExact(h, dnnl.engine(), left, right, NONE, result, attributes));
  }

  /** A copy from one format to another. */
  OptionalLong reorder(Arena owner, long from, long to) {
    MethodHandle create = dnnl.function("dnnl_reorder_primitive_desc_create", "plllll");
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "copy",
        h -> (int) create.invokeExact(h, from, dnnl.engine(), to, dnnl.engine(), attributes));
  }

  /** Softmax over an axis of numbers in this format. */
  OptionalLong softmax(Arena owner, long format, int axis) {
    MethodHandle create = dnnl.function("dnnl_softmax_forward_primitive_desc_create", "pliillil");
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "softmax",
        h ->
            (int)
                create.invokeExact(
                    h,
                    dnnl.engine(),
                    FORWARD_TRAINING,
                    SOFTMAX_ACCURATE,
                    format,
                    format,
                    axis,
                    attributes));
  }

  /** From the result of a softmax and its gradient to that of the operand. */
  OptionalLong softmaxGradient(Arena owner, long format, int axis, long forward) {
    MethodHandle create = dnnl.function("dnnl_softmax_backward_primitive_desc_create", "plilllill");
    long attributes = attributes(owner, NONE);
    return dnnl.descriptor(
        owner,
        "gradient of a softmax",
        h ->
            (int)
                create.invokeExact(
                    h,
                    dnnl.engine(),
                    SOFTMAX_ACCURATE,
                    format,
                    format,
                    format,
                    axis,
                    forward,
                    attributes));
  }

  private long attributes(Arena owner, long operations) {
    MethodHandle create = dnnl.function("dnnl_primitive_attr_create", "p");
    MethodHandle setScratchpad = dnnl.function("dnnl_primitive_attr_set_scratchpad_mode", "li");
    long made =
        dnnl.owned(
            owner,
            "dnnl_primitive_attr_destroy",
            dnnl.create("attributes", h -> (int) create.invokeExact(h)));
    dnnl.call("scratch space", () -> (int) setScratchpad.invokeExact(made, SCRATCHPAD_OF_USER));
    if (operations != NONE) {
      MethodHandle set = dnnl.function("dnnl_primitive_attr_set_post_ops", "ll");
      dnnl.call("epilogue", () -> (int) set.invokeExact(made, operations));
    }
    return made;
  }

  private long operations(Arena owner, Epilogue epilogue) {
    if (epilogue.equals(Epilogue.NOTHING)) {
      return NONE;
    }
    MethodHandle create = dnnl.function("dnnl_post_ops_create", "p");
    MethodHandle linear = dnnl.function("dnnl_post_ops_append_eltwise", "liff");
    MethodHandle binary = dnnl.function("dnnl_post_ops_append_binary", "lil");
    long made =
        dnnl.owned(
            owner,
            "dnnl_post_ops_destroy",
            dnnl.create("epilogue", h -> (int) create.invokeExact(h)));
    dnnl.call("epilogue", () -> (int) linear.invokeExact(made, ELTWISE_LINEAR, epilogue.scale, 0f));
    if (epilogue.added != NONE) {
      dnnl.call("epilogue", () -> (int) binary.invokeExact(made, BINARY_ADD, epilogue.added));
    }
    return made;
  }
}
