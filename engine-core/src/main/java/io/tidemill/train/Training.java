package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;

/**
 * How a network is trained: declared once, the same on any number of workers.
 *
 * <p>The stream is sequenced into a sample log. Step t takes samples [t·B, (t+1)·B) of the order in
 * which the log is read, B being the global batch, cut into V equal shards. A bounded stream is
 * read {@code epochs} times, one epoch after the other without a gap; the last batch is padded with
 * rows of weight 0. An unbounded stream is read once, in order of arrival, for {@code steps} steps.
 *
 * @param network what is trained
 * @param encoding how a record becomes a row
 * @param loss what is minimised
 * @param optimizer how
 * @param schedule how its rate changes from step to step
 * @param globalBatch samples of a step, a multiple of {@code shards}
 * @param shards V, fixed for the job; the largest number of workers that can share a step
 * @param epochs passes over a bounded stream
 * @param steps steps after which training ends, 0 when {@code epochs} decides
 * @param shuffled whether each epoch reads the samples in a seeded order of its own; a shuffled
 *     training starts when its stream has ended
 */
public record Training<T>(
    Network network,
    Encoding<T> encoding,
    Loss loss,
    Optimizer optimizer,
    Schedule schedule,
    int globalBatch,
    int shards,
    int epochs,
    long steps,
    boolean shuffled) {
  public Training {
    require(globalBatch > 0, "globalBatch has to be at least 1, is " + globalBatch);
    require(shards > 0, "shards has to be at least 1, is " + shards);
    require(
        globalBatch % shards == 0,
        "globalBatch has to be a multiple of shards: globalBatch="
            + globalBatch
            + " shards="
            + shards);
    require(epochs > 0, "epochs has to be at least 1, is " + epochs);
    require(steps >= 0, "steps has to be at least 0, is " + steps);
    Shape rows = Shape.of(Shape.ANY, encoding.width());
    require(
        network.inputShape().equals(rows),
        "the network takes rows of another width than the encoding makes: expected "
            + network.inputShape()
            + ", found "
            + rows);
  }

  /** Softmax cross-entropy, Adam at 1e-3, batches of 256 in 8 shards, one epoch in order. */
  public static <T> Training<T> of(Network network, Encoding<T> encoding) {
    return new Training<>(
        network,
        encoding,
        Loss.softmaxCrossEntropy(),
        Optimizer.Adam.of(1e-3f),
        Schedule.CONSTANT,
        256,
        8,
        1,
        0,
        false);
  }

  public Training<T> loss(Loss loss) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  public Training<T> optimizer(Optimizer optimizer) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  /** How the learning rate changes; CONSTANT when nothing is said. */
  public Training<T> schedule(Schedule schedule) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  public Training<T> globalBatch(int globalBatch) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  public Training<T> shards(int shards) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  public Training<T> epochs(int epochs) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  public Training<T> steps(long steps) {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, shuffled);
  }

  /** Each epoch in a seeded order of its own. */
  public Training<T> shuffle() {
    return new Training<>(
        network, encoding, loss, optimizer, schedule, globalBatch, shards, epochs, steps, true);
  }

  /** The program that one shard of a step runs; errors name the layer. */
  public Program program() {
    return network.training(loss, shardRows());
  }

  /** What it is in one line that stays the same from run to run. */
  public String describe() {
    return network.inference().toString()
        + " loss="
        + loss
        + " optimizer="
        + optimizer
        + " schedule="
        + schedule
        + " globalBatch="
        + globalBatch
        + " shards="
        + shards
        + " epochs="
        + epochs
        + " steps="
        + steps
        + " shuffled="
        + shuffled;
  }

  /** Samples of one shard of one step. */
  public int shardRows() {
    return globalBatch / shards;
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
