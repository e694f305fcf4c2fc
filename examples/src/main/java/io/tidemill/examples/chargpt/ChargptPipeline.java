package io.tidemill.examples.chargpt;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.connector.Source;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.examples.random.KeyedRandom;
import io.tidemill.metric.MeanLoss;
import io.tidemill.metric.Perplexity;
import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Gelu;
import io.tidemill.network.Initializer;
import io.tidemill.network.Input;
import io.tidemill.network.Layer;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Network;
import io.tidemill.network.Parallelism;
import io.tidemill.network.PositionEmbedding;
import io.tidemill.network.Residual;
import io.tidemill.network.Unembedding;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder-only transformer that learns to write as a text is written, character by character.
 *
 * <p>{@code data=FILE} is any UTF-8 text; without it the {@link MillersLog} is learnt. The last
 * tenth of it is for validation. Defaults are nanoGPT's setting for a CPU (Karpathy 2022): 4 layers
 * of 4 heads, 128 wide, 64 characters at once, batches of 12, 2000 steps. Passages are drawn at
 * random from the text, a pure function of (seed, index).
 */
public final class ChargptPipeline implements PipelineDefinition {
  private static final double VALIDATION_SHARE = 0.1;
  private static final double INITIAL_DEVIATION = 0.02;

  @Override
  public void define(Pipeline p, Params params) {
    Text text = params.path("data").map(Text::of).orElseGet(() -> Text.of(MillersLog.text()));
    int length = params.integer("block", 64, 2);
    int split = text.tokens().length - (int) (VALIDATION_SHARE * text.tokens().length);
    requireLength(text, split, length);
    Text validation = text.part(split, text.tokens().length);
    Writer writer =
        new Writer(
            text,
            length,
            params.positive("temperature", 0.8),
            params.integer("topK", 200, 1),
            params.seed());
    int characters = params.integer("characters", 500, 1);
    List<String> labels =
        text.characters().stream().map(codePoint -> Character.toString(codePoint)).toList();
    p.source("passages", drawn(text.part(0, split), length, params.seed()))
        .train("writer", training(text.characters().size(), length, params))
        .evaluate(
            "validation",
            p.source("validation-passages", inOrder(validation, length)),
            new MeanLoss<>("validationLoss"),
            new Perplexity<>("perplexity"))
        .present("sample", model -> writer.write(model, characters))
        .publish("publish", "chargpt", labels);
  }

  private static Training<Passage> training(int count, int length, Params params) {
    long steps = params.whole("steps", 2_000, 1);
    float rate = (float) params.positive("rate", 2e-3);
    return Training.of(
            network(
                count,
                length,
                params.integer("width", 128, 1),
                params.integer("heads", 4, 1),
                params.integer("layers", 4, 1)),
            Encoding.ofSequences(length, Passage::seen, Passage::next))
        .optimizer(Optimizer.AdamW.of(rate, 0.1f).withBetas(0.9f, 0.99f))
        .schedule(Schedule.cosine(Math.min(100, steps / 10), 0.1))
        .clipNorm(1)
        .globalBatch(params.integer("batch", 12, 1))
        .shards(params.integer("shards", 4, 1))
        .parallel(Parallelism.parse(params.text("parallel", "data(1)")))
        .steps(steps);
  }

  private static Network network(int count, int length, int width, int heads, int layers) {
    Initializer normal = new Initializer.Normal(INITIAL_DEVIATION);
    // Each block adds twice: so that the sum keeps its size (Radford and others 2019).
    Initializer added = new Initializer.Normal(INITIAL_DEVIATION / Math.sqrt(2.0 * layers));
    List<Layer> stack = new ArrayList<>();
    stack.add(Input.ofIds(length));
    stack.add(Embedding.of(count, width));
    stack.add(PositionEmbedding.of(length, width));
    for (int layer = 0; layer < layers; layer++) {
      stack.add(
          Residual.of(
              LayerNorm.of(width).withoutBias(),
              CausalSelfAttention.of(width, heads).projection(added)));
      stack.add(
          Residual.of(
              LayerNorm.of(width).withoutBias(),
              Dense.of(width, 4 * width).withoutBias().initializer(normal),
              Gelu.of(),
              Dense.of(4 * width, width).withoutBias().initializer(added)));
    }
    stack.add(LayerNorm.of(width).withoutBias());
    stack.add(Unembedding.of(count, width));
    return Network.sequential(stack.toArray(Layer[]::new));
  }

  /** Passages from anywhere in the text, without end. */
  private static Source<Passage> drawn(Text text, int length, long seed) {
    int starts = text.tokens().length - length;
    return GeneratedSource.unbounded(
        Passage.class,
        index -> {
          int start = new KeyedRandom(seed, index, 0).below(starts);
          return new Passage(text.part(start, start + length + 1).tokens());
        });
  }

  /** The whole text, cut into passages. */
  private static Source<Passage> inOrder(Text text, int length) {
    return GeneratedSource.bounded(
        Passage.class,
        index -> {
          int start = (int) index * length;
          return new Passage(text.part(start, start + length + 1).tokens());
        },
        (text.tokens().length - 1) / length);
  }

  private static void requireLength(Text text, int split, int length) {
    int validation = text.tokens().length - split;
    if (validation <= length || split <= length || text.characters().size() < 2) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          ("the text is too short: expected at least %,d characters (ten times block=%d, and more),"
                  + " of two kinds or more, found %,d")
              .formatted(10 * (length + 1), length, text.tokens().length));
    }
  }
}
