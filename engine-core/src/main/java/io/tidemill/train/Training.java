package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.Executable;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallelism;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import java.util.List;
import java.util.function.Consumer;

/**
 * How a network is trained: declared once, the same on any number of workers.
 *
 * <p>The stream is sequenced into a sample log. Step t takes samples [t·B, (t+1)·B) of the order in
 * which the log is read, B being the global batch, cut into V equal shards; where k micro-batches
 * are accumulated, t counts k·B samples. A bounded stream is read {@code epochs} times, one epoch
 * after the other without a gap; the last batch is padded with rows of weight 0. An unbounded
 * stream is read once, in order of arrival, for {@code steps} steps.
 *
 * <p>Immutable: each method that sets something returns another training.
 *
 * @param <T> the records
 */
public final class Training<T> {
  private final Network network;
  private final Encoding<T> encoding;
  private final Settings settings;

  /** What is set by name, with what holds where nothing is said; not changed once it is shared. */
  private static final class Settings {
    private Loss loss = Loss.softmaxCrossEntropy();
    private Optimizer optimizer = Optimizer.Adam.of(1e-3f);
    private Schedule schedule = Schedule.constant();
    private int globalBatch = 256;
    private int shards = 8;
    private int accumulated = 1;
    private int epochs = 1;
    private long steps;
    private boolean shuffled;
    private List<Augmentation> augmentations = List.of();
    private float clipNorm = Float.POSITIVE_INFINITY;
    private NonFinite onNonFinite = NonFinite.STOP;
    private Precision precision = Precision.FLOAT32;

    Settings() {}

    Settings(Settings from) {
      loss = from.loss;
      optimizer = from.optimizer;
      schedule = from.schedule;
      globalBatch = from.globalBatch;
      shards = from.shards;
      accumulated = from.accumulated;
      epochs = from.epochs;
      steps = from.steps;
      shuffled = from.shuffled;
      augmentations = from.augmentations;
      clipNorm = from.clipNorm;
      onNonFinite = from.onNonFinite;
      precision = from.precision;
    }
  }

  private Training(Network network, Encoding<T> encoding, Settings settings) {
    this.network = network;
    this.encoding = encoding;
    this.settings = settings;
    requireFit();
    requireAtLeast(1, settings.globalBatch, "globalBatch");
    requireAtLeast(1, settings.shards, "shards");
    requireAtLeast(1, settings.accumulated, "accumulate");
    requireAtLeast(1, settings.epochs, "epochs");
    requireAtLeast(0, settings.steps, "steps");
    require(
        settings.clipNorm > 0, "clipNorm expected a number above 0, found " + settings.clipNorm);
  }

  /** Softmax cross-entropy, Adam at 1e-3, batches of 256 in 8 shards, one epoch in order. */
  public static <T> Training<T> of(Network network, Encoding<T> encoding) {
    return new Training<>(network, encoding, new Settings());
  }

  /** What is minimised. */
  public Training<T> loss(Loss loss) {
    return with(settings -> settings.loss = loss);
  }

  /** How the gradients move the parameters. */
  public Training<T> optimizer(Optimizer optimizer) {
    return with(settings -> settings.optimizer = optimizer);
  }

  /** How the learning rate changes from step to step; constant when nothing is said. */
  public Training<T> schedule(Schedule schedule) {
    return with(settings -> settings.schedule = schedule);
  }

  /** Samples of a step (of each of its micro-batches), a multiple of the shards. */
  public Training<T> globalBatch(int globalBatch) {
    return with(settings -> settings.globalBatch = globalBatch);
  }

  /** V, fixed for the job; the largest number of workers that can share a step. */
  public Training<T> shards(int shards) {
    return with(settings -> settings.shards = shards);
  }

  /**
   * Has a step take {@code microBatches} global batches, one after the other, and update once by
   * the mean gradient of all their samples: a larger batch in the memory of a smaller one.
   */
  public Training<T> accumulate(int microBatches) {
    return with(settings -> settings.accumulated = microBatches);
  }

  /**
   * Scales the gradient of a step down to this Euclidean norm, taken over all trained parameters,
   * where it is longer: {@code g *= min(1, norm / (|g| + 1e-6))}. Pascanu, Mikolov, Bengio 2013, in
   * the form of PyTorch.
   */
  public Training<T> clipNorm(float norm) {
    return with(settings -> settings.clipNorm = norm);
  }

  /** What happens at a step that is not finite; STOP when nothing is said. */
  public Training<T> onNonFinite(NonFinite policy) {
    return with(settings -> settings.onNonFinite = policy);
  }

  /**
   * What the operands of the matrix products of a step are rounded to; FLOAT32 when nothing is
   * said. Evaluation and serving compute in float32, from the same weights. A device that cannot is
   * refused before the job begins.
   */
  public Training<T> precision(Precision precision) {
    return with(settings -> settings.precision = precision);
  }

  /**
   * How workers share it; data parallelism when nothing is said. Pipeline and tensor parallelism
   * take the shards as their micro-batches, and weights that a part is made of are kept in parts.
   */
  public Training<T> parallel(Parallelism parallelism) {
    return new Training<>(network.parallel(parallelism), encoding, settings);
  }

  /** Passes over a bounded stream. */
  public Training<T> epochs(int epochs) {
    return with(settings -> settings.epochs = epochs);
  }

  /** Steps after which training ends; 0 when the epochs decide. */
  public Training<T> steps(long steps) {
    return with(settings -> settings.steps = steps);
  }

  /** Each epoch in a seeded order of its own; training then starts when its stream has ended. */
  public Training<T> shuffle() {
    return with(settings -> settings.shuffled = true);
  }

  /** Changes the images that training sees at random, in this order. */
  public Training<T> augment(Augmentation... augmentations) {
    return with(settings -> settings.augmentations = List.of(augmentations));
  }

  public Network network() {
    return network;
  }

  public Encoding<T> encoding() {
    return encoding;
  }

  public Loss loss() {
    return settings.loss;
  }

  public Optimizer optimizer() {
    return settings.optimizer;
  }

  public Schedule schedule() {
    return settings.schedule;
  }

  public int globalBatch() {
    return settings.globalBatch;
  }

  public int shards() {
    return settings.shards;
  }

  /** Global batches of a step. */
  public int accumulated() {
    return settings.accumulated;
  }

  /** The longest that a gradient may be; infinite where none is scaled. */
  public float clipNorm() {
    return settings.clipNorm;
  }

  public NonFinite onNonFinite() {
    return settings.onNonFinite;
  }

  public Precision precision() {
    return settings.precision;
  }

  public int epochs() {
    return settings.epochs;
  }

  public long steps() {
    return settings.steps;
  }

  public boolean shuffled() {
    return settings.shuffled;
  }

  public List<Augmentation> augmentations() {
    return settings.augmentations;
  }

  /** How workers share it. */
  public Parallelism parallelism() {
    return network.parallelism();
  }

  /** Workers that it is meant for. */
  public int declaredWorkers() {
    return parallelism().workers();
  }

  /** As many workers as could each do something of a step's gradients. */
  public int mostWorkers() {
    return (int) Math.min(Integer.MAX_VALUE, (long) shards() * parallelism().places());
  }

  /** Whether the places of a shard may be those of several workers. */
  boolean isCut() {
    return parallelism().places() > 1;
  }

  /** The program that one shard of a step runs; what does not fit is an error that says where. */
  public Program program() {
    require(
        globalBatch() % shards() == 0,
        "globalBatch has to be a multiple of shards: globalBatch="
            + globalBatch()
            + " shards="
            + shards());
    require(
        augmentations().isEmpty() || network.inputShape().rank() == 4,
        "augmentations are for images: expected a network that takes [*, height, width, channels],"
            + " found "
            + network.inputShape()
            + "; begin it with Input.of(height, width, channels)");
    require(
        accumulated() == 1 || !isCut(),
        "accumulate=%d does not go with %s, whose micro-batches are the shards: raise shards and globalBatch instead"
            .formatted(accumulated(), parallelism()));
    Program program = network.training(loss(), shardRows());
    long labels = labels(program).shape().elements() / shardRows();
    require(
        labels == encoding.labelWidth(),
        "the loss takes another number of labels than the encoding makes: expected "
            + labels
            + " per record, found "
            + encoding.labelWidth());
    return program;
  }

  /** {@link #program} made ready for a device, as all who work at a step run it. */
  public Executable compile(Device device) {
    return device.compile(program(), precision());
  }

  /** Samples of a step. */
  public long stepSamples() {
    return (long) globalBatch() * accumulated();
  }

  /** Whether a step needs the norm of its gradient. */
  boolean needsNorm() {
    return clipNorm() < Float.POSITIVE_INFINITY || onNonFinite() != NonFinite.STOP;
  }

  /** Samples that the program of a shard takes at once. */
  public int shardRows() {
    return globalBatch() / shards();
  }

  /**
   * Whether the rate of the first step depends on how many there will be, which nobody has said.
   */
  public boolean needsTotal() {
    return schedule().needsTotal() && steps() == 0;
  }

  /** What it is in one line that stays the same from run to run, and on any number of workers. */
  public String describe() {
    return network.inference().toString()
        + " loss="
        + loss()
        + " optimizer="
        + optimizer()
        + " schedule="
        + schedule()
        + " globalBatch="
        + globalBatch()
        + " shards="
        + shards()
        + " accumulate="
        + accumulated()
        + " clipNorm="
        + clipNorm()
        + " onNonFinite="
        + onNonFinite().word()
        + " precision="
        + precision().word()
        + " epochs="
        + epochs()
        + " steps="
        + steps()
        + " shuffled="
        + shuffled()
        + " augment="
        + augmentations()
        + (isCut() ? " parallel=" + parallelism().data(1) : "");
  }

  private Training<T> with(Consumer<Settings> change) {
    Settings changed = new Settings(settings);
    change.accept(changed);
    return new Training<>(network, encoding, changed);
  }

  private void requireFit() {
    long width = network.inputShape().elements();
    require(
        width == encoding.width(),
        "the network takes rows of another width than the encoding makes: expected "
            + width
            + " for "
            + network.inputShape()
            + ", found "
            + encoding.width());
    DataType type = network.inputType();
    require(
        type == encoding.inputType(),
        "the network takes numbers of another type than the encoding makes: expected "
            + type
            + ", found "
            + encoding.inputType());
  }

  private static Value.Input labels(Program program) {
    return program.inputs().stream()
        .filter(input -> input.name().equals("labels"))
        .findFirst()
        .orElseThrow();
  }

  private static void requireAtLeast(long least, long number, String name) {
    require(number >= least, name + " has to be at least " + least + ", is " + number);
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
