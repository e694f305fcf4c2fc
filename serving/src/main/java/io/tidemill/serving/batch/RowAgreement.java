package io.tidemill.serving.batch;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.program.Program;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds out at which smaller numbers of rows a program gives the bits that it gives at the largest.
 *
 * <p>Which kernel multiplies, and in which order it adds, follows from the shapes and the processor
 * and not from what is in the matrices. So some seeded rows, large and small numbers among them,
 * are computed at the largest number of rows, and again at each smaller one in every position,
 * beside others and beside padding; whichever differs in one bit is not used. Rows that end in 0,
 * 1, NaN or what another row gives show nothing: where too many do, none is used.
 *
 * <p>What is found holds for all versions of a model that share the program, and is kept in the
 * process, because a version must be loaded quickly while others answer. Confined to the thread
 * that loads. docs/design/0004-serving-bits.md.
 */
final class RowAgreement {
  private static final int FEWEST_SAMPLES = 32;

  /** Of the programs seen: they are few, and versions share them. */
  private static final Map<Case, Set<Integer>> KNOWN = new ConcurrentHashMap<>();

  private record Case(Program program, String device, int largest) {}

  private final Device device;
  private final Program program;
  private final CallSignature signature;
  private final DeviceBuffer parameters;
  private final BatchForm largest;

  /**
   * @param program open
   * @param parameters the weights of the version that is loaded
   * @param largest that the others are compared with; warm
   */
  RowAgreement(
      Device device,
      Program program,
      CallSignature signature,
      DeviceBuffer parameters,
      BatchForm largest) {
    this.device = device;
    this.program = program;
    this.signature = signature;
    this.parameters = parameters;
    this.largest = largest;
  }

  /** The halves of the largest, and their halves, as far as they agree: warm, ascending by rows. */
  List<BatchForm> smallerForms(int executors) {
    Case same = new Case(program, device.description(), largest.rows());
    Optional<Set<Integer>> known = Optional.ofNullable(KNOWN.get(same));
    Optional<Samples> samples = known.isPresent() ? Optional.empty() : computed();
    List<BatchForm> forms = new ArrayList<>();
    try {
      for (int rows = largest.rows() / 2; rows > 0; rows /= 2) {
        if (known.isPresent() ? known.get().contains(rows) : samples.isPresent()) {
          BatchForm form = new BatchForm(device, program, rows, executors);
          forms.addFirst(form);
          form.warm(parameters);
          if (samples.isPresent() && !agrees(form, samples.get())) {
            forms.removeFirst().close();
          }
        }
      }
    } catch (RuntimeException e) {
      forms.forEach(BatchForm::close);
      throw e;
    }
    if (samples.isPresent()) {
      Set<Integer> found = new TreeSet<>();
      forms.forEach(form -> found.add(form.rows()));
      KNOWN.put(same, found);
    }
    return forms;
  }

  /** Seeded rows with what they give at the largest number of rows, where that tells anything. */
  private Optional<Samples> computed() {
    Samples samples = new Samples(signature, program, FEWEST_SAMPLES);
    try {
      for (int row = 0; row < FEWEST_SAMPLES; row += largest.rows()) {
        int count = Math.min(largest.rows(), FEWEST_SAMPLES - row);
        Execution execution = run(largest, samples, row, count, 0);
        for (TensorSpec output : signature.outputs()) {
          samples.keep(output, row, count, execution.output(output.name()));
        }
      }
    } catch (EngineException e) {
      return Optional.empty(); // the rows are none that the program takes: nothing is known
    }
    return samples.tells() ? Optional.of(samples) : Optional.empty();
  }

  private boolean agrees(BatchForm form, Samples samples) {
    for (int row = 0; row < FEWEST_SAMPLES; row += form.rows()) {
      if (!agrees(form, samples, row, Math.min(form.rows(), FEWEST_SAMPLES - row), 0)) {
        return false;
      }
    }
    for (int position = 0; position < form.rows(); position++) {
      if (!agrees(form, samples, position % FEWEST_SAMPLES, 1, position)) {
        return false;
      }
    }
    return true;
  }

  /** Whether rows give the same bits in {@code form}, at a position and with zeros around. */
  private boolean agrees(BatchForm form, Samples samples, int row, int count, int position) {
    Execution execution = run(form, samples, row, count, position);
    return signature.outputs().stream()
        .allMatch(
            output ->
                samples.isKept(output, row, count, execution.output(output.name()), position));
  }

  private Execution run(BatchForm form, Samples samples, int row, int count, int position) {
    Execution execution = form.execution(0);
    for (TensorSpec input : signature.inputs()) {
      MemorySegment to = execution.input(input.name());
      to.fill((byte) 0);
      samples.copyInput(input, row, count, to, position);
    }
    execution.run(parameters);
    return execution;
  }
}
