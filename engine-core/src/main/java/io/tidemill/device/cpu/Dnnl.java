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
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * oneDNN's C functions, through the foreign-function API; thread-safe.
 *
 * <p>Its objects are handles here, plain addresses. Whoever makes one names an arena, and it is
 * destroyed when that closes. The functions are those of oneDNN 3's {@code dnnl.h}, the numbers
 * those of the enumerations in {@code dnnl_types.h}. What primitives compute is described by {@link
 * DnnlDescriptors}.
 *
 * <p>oneDNN asks OpenMP how many threads the <em>calling</em> thread may use; that is set to one
 * before each call that asks (a write to a thread-local, about 10 ns), so shards that run side by
 * side never share a pool, whoever else uses OpenMP in this process.
 */
final class Dnnl {
  static final int FLOAT32 = 3;
  static final int BF16 = 2;

  private static final int SUCCESS = 0;
  private static final int OUT_OF_MEMORY = 1;
  private static final int UNIMPLEMENTED = 3;
  private static final int ENGINE_CPU = 1;
  private static final int STREAM_IN_ORDER = 1;
  private static final int FORMAT_ANY = 1;
  private static final int QUERY_IMPLEMENTATION = 8;
  private static final int QUERY_ARGUMENT = 255;
  private static final int LONGEST_NAME = 256;
  private static final int AVX2_BIT = 0x4;
  private static final int AVX512_BIT = 0x20;
  private static final int AVX512_BF16_BIT = 0x80;

  private final SymbolLookup library;

  /** Bound when first wanted: a binding takes the linker a few milliseconds. */
  private final Map<String, MethodHandle> functions = new ConcurrentHashMap<>();

  private final int isa;
  private final String description;
  private final SymbolLookup openMp;

  /** What is called again and again, and where it runs; made when first wanted. */
  private volatile Optional<Calls> calls = Optional.empty();

  private OptionalLong engine = OptionalLong.empty();
  private final AtomicInteger live = new AtomicInteger();

  /** Binds the functions; the lookups must stay loaded for the life of the process. */
  Dnnl(SymbolLookup library, SymbolLookup openMp) {
    this.library = library;
    this.openMp = openMp;
    isa = isa();
    description = describe(isa);
  }

  private record Calls(
      MethodHandle setNumThreads,
      MethodHandle sgemm,
      MethodHandle memorySetSegment,
      MethodHandle memorySetAddress,
      MethodHandle primitiveExecute) {}

  private Calls calls() {
    Optional<Calls> known = calls;
    return known.isPresent() ? known.get() : bindCalls();
  }

  private synchronized Calls bindCalls() {
    if (calls.isEmpty()) {
      calls =
          Optional.of(
              new Calls(
                  Linker.nativeLinker()
                      .downcallHandle(
                          openMp.findOrThrow("omp_set_num_threads"),
                          FunctionDescriptor.ofVoid(JAVA_INT),
                          Linker.Option.critical(false)),
                  bind("dnnl_sgemm", "bblllfplplfpl"),
                  bind("dnnl_memory_set_data_handle", "lp", Linker.Option.critical(false)),
                  bind("dnnl_memory_set_data_handle", "ll", Linker.Option.critical(false)),
                  bind("dnnl_primitive_execute", "llip")));
    }
    return calls.get();
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
      calls().setNumThreads.invokeExact(1);
      status =
          (int)
              calls()
                  .sgemm
                  .invokeExact(
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

  /** The CPU; one for the process, made when first wanted. */
  synchronized long engine() {
    if (engine.isEmpty()) {
      MethodHandle create = function("dnnl_engine_create", "pil");
      engine = OptionalLong.of(create("engine", h -> (int) create.invokeExact(h, ENGINE_CPU, 0L)));
    }
    return engine.getAsLong();
  }

  /** Where primitives run; for one thread at a time. */
  long stream(Arena owner) {
    MethodHandle create = function("dnnl_stream_create", "pli");
    return owned(
        owner,
        "dnnl_stream_destroy",
        create("stream", h -> (int) create.invokeExact(h, engine(), STREAM_IN_ORDER)));
  }

  /** A float32 format with the given strides, in floats. */
  long format(Arena owner, long[] dims, long[] strides) {
    MethodHandle create = function("dnnl_memory_desc_create_with_strides", "pipip");
    MemorySegment sizes = owner.allocateFrom(JAVA_LONG, dims);
    MemorySegment steps = owner.allocateFrom(JAVA_LONG, strides);
    return owned(
        owner,
        "dnnl_memory_desc_destroy",
        create("format", h -> (int) create.invokeExact(h, dims.length, sizes, FLOAT32, steps)));
  }

  /** A format that oneDNN is to choose, of {@link #FLOAT32} or {@link #BF16} numbers. */
  long anyFormat(Arena owner, long[] dims, int type) {
    MethodHandle create = function("dnnl_memory_desc_create_with_tag", "pipii");
    MemorySegment sizes = owner.allocateFrom(JAVA_LONG, dims);
    return owned(
        owner,
        "dnnl_memory_desc_destroy",
        create("format", h -> (int) create.invokeExact(h, dims.length, sizes, type, FORMAT_ANY)));
  }

  long bytes(long format) {
    MethodHandle size =
        function("dnnl_memory_desc_get_size", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    try {
      return (long) size.invokeExact(format);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** A view of memory that {@link #setData} moves. */
  long memory(Arena owner, long format, MemorySegment data) {
    MethodHandle create = function("dnnl_memory_create", "pllp");
    return owned(
        owner,
        "dnnl_memory_destroy",
        create("memory", h -> (int) create.invokeExact(h, format, engine(), data)));
  }

  /** Refuses memory that was closed. */
  void setData(long memory, MemorySegment data) {
    int status;
    try {
      status = (int) calls().memorySetSegment.invokeExact(memory, data);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed("memory", status);
    }
  }

  void setData(long memory, long address) {
    int status;
    try {
      status = (int) calls().memorySetAddress.invokeExact(memory, address);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed("memory", status);
    }
  }

  /** The format of an argument of a descriptor; lives as long as the descriptor. */
  long formatOf(long descriptor, int argument) {
    MethodHandle query =
        function(
            "dnnl_primitive_desc_query_md",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));
    try {
      return (long) query.invokeExact(descriptor, QUERY_ARGUMENT, argument);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** A primitive for the calling thread alone. */
  long primitive(Arena owner, long descriptor) {
    MethodHandle create = function("dnnl_primitive_create", "pl");
    return owned(
        owner,
        "dnnl_primitive_destroy",
        create("primitive", h -> (int) create.invokeExact(h, descriptor)));
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
      calls().setNumThreads.invokeExact(1);
      status = (int) calls().primitiveExecute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed(what, status);
    }
  }

  /** A call that stores a handle and returns a status. */
  @FunctionalInterface
  interface Creation {
    int into(MemorySegment handle) throws Throwable;
  }

  /** A call that returns a status. */
  @FunctionalInterface
  interface Call {
    int status() throws Throwable;
  }

  /**
   * A function that returns a status, bound when it is first asked for.
   *
   * @param parameters one letter each: b byte, i int, l long or handle, f float, p memory
   */
  MethodHandle function(String name, String parameters) {
    return functions.computeIfAbsent(name, _ -> bind(name, parameters));
  }

  private MethodHandle function(String name, FunctionDescriptor type) {
    return functions.computeIfAbsent(name, _ -> bind(name, type));
  }

  /** Empty where there is no implementation, or only the reference: a thousand times slower. */
  OptionalLong descriptor(Arena owner, String what, Creation creation) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment handle = call.allocate(JAVA_LONG);
      int status = status(creation, handle);
      if (status == UNIMPLEMENTED) {
        return OptionalLong.empty();
      }
      if (status != SUCCESS) {
        throw failed(what, status);
      }
      long descriptor = owned(owner, "dnnl_primitive_desc_destroy", handle.get(JAVA_LONG, 0));
      return implementation(descriptor).startsWith("ref")
          ? OptionalLong.empty()
          : OptionalLong.of(descriptor);
    }
  }

  /** The handle of a new object, which somebody must destroy. */
  long create(String what, Creation creation) {
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
      calls().setNumThreads.invokeExact(1);
      return creation.into(handle);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** Has the object destroyed, by this function, when the arena closes; gives its handle. */
  long owned(Arena owner, String destroyer, long handle) {
    MethodHandle destroy = function(destroyer, "l");
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
    MethodHandle query = function("dnnl_primitive_desc_query", "liip");
    try (Arena call = Arena.ofConfined()) {
      MemorySegment name = call.allocate(ADDRESS);
      int status = (int) query.invokeExact(descriptor, QUERY_IMPLEMENTATION, 0, name);
      if (status != SUCCESS) {
        throw failed("query", status);
      }
      return name.get(ADDRESS, 0).reinterpret(LONGEST_NAME).getString(0);
    } catch (Throwable e) {
      throw notCallable(e);
    }
  }

  /** A call that returns a status and must succeed. */
  void call(String what, Call call) {
    int status;
    try {
      status = call.status();
    } catch (Throwable e) {
      throw notCallable(e);
    }
    if (status != SUCCESS) {
      throw failed(what, status);
    }
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
