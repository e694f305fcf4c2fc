package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * oneDNN's C functions, through the foreign-function API; thread-safe.
 *
 * <p>Its objects are handles here, plain addresses. Whoever makes one names an arena, and it is
 * destroyed when that closes. The functions are those of oneDNN 3's {@code dnnl.h}, the numbers
 * those of the enumerations in {@code dnnl_types.h}.
 *
 * <p>oneDNN asks OpenMP how many threads the <em>calling</em> thread may use; that is set to one
 * before each call that asks (a write to a thread-local, about 10 ns), so shards that run side by
 * side never share a pool, whoever else uses OpenMP in this process.
 */
final class Dnnl {
  private static final int SUCCESS = 0;
  private static final int OUT_OF_MEMORY = 1;
  private static final int UNIMPLEMENTED = 3;
  private static final int ENGINE_CPU = 1;
  private static final int STREAM_IN_ORDER = 1;
  private static final int FORMAT_ANY = 1;
  private static final int BF16 = 2;
  private static final int FLOAT32 = 3;
  private static final int SCRATCHPAD_OF_USER = 1;
  private static final int FORWARD_TRAINING = 64;
  private static final int DIRECT = 1;
  private static final int QUERY_IMPLEMENTATION = 8;
  private static final int QUERY_ARGUMENT = 255;
  private static final int LONGEST_NAME = 256;
  private static final int AVX2_BIT = 0x4;
  private static final int AVX512_BIT = 0x20;
  private static final int AVX512_BF16_BIT = 0x80;
  private static final long NONE = 0;

  private final SymbolLookup library;
  private final MethodHandle setNumThreads;
  private final MethodHandle sgemm;
  private final MethodHandle streamCreate;
  private final MethodHandle streamDestroy;
  private final MethodHandle formatWithStrides;
  private final MethodHandle formatWithTag;
  private final MethodHandle formatBytes;
  private final MethodHandle formatDestroy;
  private final MethodHandle memoryCreate;
  private final MethodHandle memorySetData;
  private final MethodHandle memoryDestroy;
  private final MethodHandle convolutionForward;
  private final MethodHandle convolutionInputGradient;
  private final MethodHandle convolutionWeightGradient;
  private final MethodHandle matMul;
  private final MethodHandle reorder;
  private final MethodHandle descriptorQuery;
  private final MethodHandle descriptorFormat;
  private final MethodHandle descriptorDestroy;
  private final MethodHandle primitiveCreate;
  private final MethodHandle primitiveExecute;
  private final MethodHandle primitiveDestroy;
  private final int isa;
  private final String description;
  private final long engine;
  private final long attributes;
  private final AtomicInteger live = new AtomicInteger();

  /** Binds the functions; the lookups must stay loaded for the life of the process. */
  Dnnl(SymbolLookup library, SymbolLookup openMp) {
    this.library = library;
    setNumThreads =
        Linker.nativeLinker()
            .downcallHandle(
                openMp.findOrThrow("omp_set_num_threads"),
                FunctionDescriptor.ofVoid(JAVA_INT),
                Linker.Option.critical(false));
    sgemm = bind("dnnl_sgemm", "bblllfplplfpl");
    streamCreate = bind("dnnl_stream_create", "pli");
    streamDestroy = bind("dnnl_stream_destroy", "l");
    formatWithStrides = bind("dnnl_memory_desc_create_with_strides", "pipip");
    formatWithTag = bind("dnnl_memory_desc_create_with_tag", "pipii");
    formatBytes = bind("dnnl_memory_desc_get_size", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    formatDestroy = bind("dnnl_memory_desc_destroy", "l");
    memoryCreate = bind("dnnl_memory_create", "pllp");
    memorySetData = bind("dnnl_memory_set_data_handle", "lp", Linker.Option.critical(false));
    memoryDestroy = bind("dnnl_memory_destroy", "l");
    convolutionForward = bind("dnnl_convolution_forward_primitive_desc_create", "pliillllppppl");
    convolutionInputGradient =
        bind("dnnl_convolution_backward_data_primitive_desc_create", "plilllppppll");
    convolutionWeightGradient =
        bind("dnnl_convolution_backward_weights_primitive_desc_create", "plillllppppll");
    matMul = bind("dnnl_matmul_primitive_desc_create", "pllllll");
    reorder = bind("dnnl_reorder_primitive_desc_create", "plllll");
    descriptorQuery = bind("dnnl_primitive_desc_query", "liip");
    descriptorFormat =
        bind(
            "dnnl_primitive_desc_query_md",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));
    descriptorDestroy = bind("dnnl_primitive_desc_destroy", "l");
    primitiveCreate = bind("dnnl_primitive_create", "pl");
    primitiveExecute = bind("dnnl_primitive_execute", "llip");
    primitiveDestroy = bind("dnnl_primitive_destroy", "l");
    isa = isa();
    description = describe(isa);
    MethodHandle engineCreate = bind("dnnl_engine_create", "pil");
    engine = create("engine", h -> (int) engineCreate.invokeExact(h, ENGINE_CPU, 0L));
    attributes = attributes();
  }

  /** For people, for example {@code oneDNN 3.13.0, AVX-512}. */
  String description() {
    return description;
  }

  /** Whether the CPU multiplies bf16 numbers; oneDNN would imitate it elsewhere, and slowly. */
  boolean hasBf16() {
    return (isa & AVX512_BF16_BIT) != 0;
  }

  /** How many objects exist that an arena has yet to destroy. */
  int live() {
    return live.get();
  }

  /** out = op(left) op(right), row-major; a row of each holds so many floats. */
  void sgemm(
      byte transposeLeft,
      byte transposeRight,
      long m,
      long n,
      long k,
      MemorySegment left,
      long leftRow,
      MemorySegment right,
      long rightRow,
      MemorySegment out,
      long outRow) {
    int status;
    try {
      setNumThreads.invokeExact(1);
      status =
          (int)
              sgemm.invokeExact(
                  transposeLeft,
                  transposeRight,
                  m,
                  n,
                  k,
                  1f,
                  left,
                  leftRow,
                  right,
                  rightRow,
                  0f,
                  out,
                  outRow);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed("product of [%d, %d] by [%d, %d]".formatted(m, k, k, n), status);
    }
  }

  /** Where primitives run; for one thread at a time. */
  long stream(Arena owner) {
    return owned(
        owner,
        streamDestroy,
        create("stream", h -> (int) streamCreate.invokeExact(h, engine, STREAM_IN_ORDER)));
  }

  /** A float32 format with the given strides, in floats. */
  long format(Arena owner, long[] dims, long[] strides) {
    MemorySegment sizes = owner.allocateFrom(JAVA_LONG, dims);
    MemorySegment steps = owner.allocateFrom(JAVA_LONG, strides);
    return owned(
        owner,
        formatDestroy,
        create(
            "format",
            h -> (int) formatWithStrides.invokeExact(h, dims.length, sizes, FLOAT32, steps)));
  }

  /** A float32 format that oneDNN is to choose. */
  long anyFormat(Arena owner, long[] dims) {
    return anyFormat(owner, dims, FLOAT32);
  }

  /** A bf16 format that oneDNN is to choose. */
  long anyBf16Format(Arena owner, long[] dims) {
    return anyFormat(owner, dims, BF16);
  }

  private long anyFormat(Arena owner, long[] dims, int type) {
    MemorySegment sizes = owner.allocateFrom(JAVA_LONG, dims);
    return owned(
        owner,
        formatDestroy,
        create(
            "format",
            h -> (int) formatWithTag.invokeExact(h, dims.length, sizes, type, FORMAT_ANY)));
  }

  long bytes(long format) {
    try {
      return (long) formatBytes.invokeExact(format);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** A view of memory that {@link #setData} moves. */
  long memory(Arena owner, long format, MemorySegment data) {
    return owned(
        owner,
        memoryDestroy,
        create("memory", h -> (int) memoryCreate.invokeExact(h, format, engine, data)));
  }

  void setData(long memory, MemorySegment data) {
    int status;
    try {
      status = (int) memorySetData.invokeExact(memory, data);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed("memory", status);
    }
  }

  /** Formats of the operands of a convolution, and [height, width] of its strides and paddings. */
  record ConvolutionFormats(
      long source, long weights, long result, MemorySegment strides, MemorySegment padding) {}

  /** A descriptor, where oneDNN has a fast implementation; likewise the next two. */
  OptionalLong convolutionForward(Arena owner, ConvolutionFormats f) {
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    return descriptor(
        owner,
        "convolution",
        h ->
            (int)
                convolutionForward.invokeExact(
                    h,
                    engine,
                    FORWARD_TRAINING,
                    DIRECT,
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
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    return descriptor(
        owner,
        "input gradient of a convolution",
        h ->
            (int)
                convolutionInputGradient.invokeExact(
                    h,
                    engine,
                    DIRECT,
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
    MemorySegment dilation = owner.allocate(JAVA_LONG, 2);
    return descriptor(
        owner,
        "weight gradient of a convolution",
        h ->
            (int)
                convolutionWeightGradient.invokeExact(
                    h,
                    engine,
                    DIRECT,
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

  /** The descriptor of a matrix product; sums are float32. */
  long matMul(Arena owner, long left, long right, long result) {
    return owned(
        owner,
        descriptorDestroy,
        create(
            "product",
            h -> (int) matMul.invokeExact(h, engine, left, right, NONE, result, attributes)));
  }

  /** The descriptor of a copy from one format to another. */
  long reorder(Arena owner, long from, long to) {
    return owned(
        owner,
        descriptorDestroy,
        create("reorder", h -> (int) reorder.invokeExact(h, from, engine, to, engine, attributes)));
  }

  /** The format of an argument of a descriptor; lives as long as the descriptor. */
  long formatOf(long descriptor, int argument) {
    try {
      return (long) descriptorFormat.invokeExact(descriptor, QUERY_ARGUMENT, argument);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** A primitive for the calling thread alone. */
  long primitive(Arena owner, long descriptor) {
    return owned(
        owner,
        primitiveDestroy,
        create("primitive", h -> (int) primitiveCreate.invokeExact(h, descriptor)));
  }

  /**
   * Runs a primitive to its end.
   *
   * @param arguments {@code dnnl_exec_arg_t[count]}
   * @param what for the error sentence
   */
  void execute(long primitive, long stream, int count, MemorySegment arguments, String what) {
    int status;
    try {
      setNumThreads.invokeExact(1);
      status = (int) primitiveExecute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed(what, status);
    }
  }

  /** A call that stores a handle and returns a status. */
  @FunctionalInterface
  private interface Creation {
    int into(MemorySegment handle) throws Throwable;
  }

  /** Empty where there is no implementation, or only the reference: a thousand times slower. */
  private OptionalLong descriptor(Arena owner, String what, Creation creation) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment handle = call.allocate(JAVA_LONG);
      int status = status(creation, handle);
      if (status == UNIMPLEMENTED) {
        return OptionalLong.empty();
      }
      if (status != SUCCESS) {
        throw failed(what, status);
      }
      long descriptor = owned(owner, descriptorDestroy, handle.get(JAVA_LONG, 0));
      return implementation(descriptor).startsWith("ref")
          ? OptionalLong.empty()
          : OptionalLong.of(descriptor);
    }
  }

  private long create(String what, Creation creation) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment handle = call.allocate(JAVA_LONG);
      int status = status(creation, handle);
      if (status != SUCCESS) {
        throw failed(what, status);
      }
      return handle.get(JAVA_LONG, 0);
    }
  }

  private int status(Creation creation, MemorySegment handle) {
    try {
      setNumThreads.invokeExact(1);
      return creation.into(handle);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** Destroys the object when the arena closes. */
  private long owned(Arena owner, MethodHandle destroy, long handle) {
    live.incrementAndGet();
    MemorySegment.ofAddress(handle).reinterpret(owner, object -> destroy(destroy, object));
    return handle;
  }

  private void destroy(MethodHandle destroy, MemorySegment object) {
    try {
      int status = (int) destroy.invokeExact(object.address());
      if (status != SUCCESS) {
        throw failed("release", status);
      }
    } catch (Throwable e) {
      throw notCallable(e);
    }
    live.decrementAndGet();
  }

  private String implementation(long descriptor) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment name = call.allocate(ADDRESS);
      int status = (int) descriptorQuery.invokeExact(descriptor, QUERY_IMPLEMENTATION, 0, name);
      if (status != SUCCESS) {
        throw failed("query", status);
      }
      return name.get(ADDRESS, 0).reinterpret(LONGEST_NAME).getString(0);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** Scratch space is the caller's: oneDNN's own is shared by all primitives of a thread. */
  private long attributes() {
    MethodHandle create = bind("dnnl_primitive_attr_create", "p");
    MethodHandle setScratchpad = bind("dnnl_primitive_attr_set_scratchpad_mode", "li");
    long made = create("attributes", h -> (int) create.invokeExact(h));
    try {
      int status = (int) setScratchpad.invokeExact(made, SCRATCHPAD_OF_USER);
      if (status != SUCCESS) {
        throw failed("attributes", status);
      }
    } catch (Throwable e) {
      throw notCallable(e);
    }
    return made;
  }

  /** A set of bits, {@code dnnl_cpu_isa_t}. */
  private int isa() {
    try {
      return (int) bind("dnnl_get_effective_cpu_isa", "").invokeExact();
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** dnnl_version_t begins with int major, minor, patch. */
  private String describe(int isa) {
    try {
      MemorySegment version =
          (MemorySegment) bind("dnnl_version", FunctionDescriptor.of(ADDRESS)).invokeExact();
      MemorySegment numbers = version.reinterpret(3L * Integer.BYTES);
      String width =
          (isa & AVX512_BIT) != 0 ? "AVX-512" : (isa & AVX2_BIT) != 0 ? "AVX2" : "SSE4.1";
      return "oneDNN %d.%d.%d, %s"
          .formatted(
              numbers.getAtIndex(JAVA_INT, 0),
              numbers.getAtIndex(JAVA_INT, 1),
              numbers.getAtIndex(JAVA_INT, 2),
              width);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /**
   * A function that returns a status (or another int).
   *
   * @param parameters one letter each: b byte, i int, l long or handle, f float, p memory
   */
  private MethodHandle bind(String name, String parameters, Linker.Option... options) {
    MemoryLayout[] layouts =
        parameters
            .chars()
            .mapToObj(
                letter ->
                    switch (letter) {
                      case 'b' -> JAVA_BYTE;
                      case 'i' -> JAVA_INT;
                      case 'l' -> JAVA_LONG;
                      case 'f' -> JAVA_FLOAT;
                      case 'p' -> ADDRESS;
                      default -> throw new IllegalArgumentException(parameters);
                    })
            .toArray(MemoryLayout[]::new);
    return bind(name, FunctionDescriptor.of(JAVA_INT, layouts), options);
  }

  private MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
    return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), type, options);
  }

  private static RuntimeException notCallable(Throwable cause) {
    return cause instanceof RuntimeException known
        ? known
        : new IllegalStateException("oneDNN cannot be called", cause);
  }

  private static EngineException failed(String what, int status) {
    return status == OUT_OF_MEMORY
        ? new EngineException(
            ErrorCode.RESOURCE, "oneDNN has no memory for this: " + what + "; use fewer rows")
        : new EngineException(ErrorCode.INTERNAL, "oneDNN failed: " + what + ": status=" + status);
  }
}
