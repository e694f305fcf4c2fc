package io.tidemill.serving.stream;

import io.tidemill.serving.call.Answered;
import io.tidemill.serving.call.Asked;
import io.tidemill.serving.call.Asking;
import io.tidemill.serving.call.ModelCall;
import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.call.Outcome;
import io.tidemill.serving.call.Refusal;
import io.tidemill.serving.call.Refused;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.tensor.NamedTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * One text that a model writes: a loop of calls, each of which sees what was written so far.
 *
 * <p>All tokens are of one version, the one that the first of them was of. {@link #run} blocks,
 * best on a virtual thread; used once.
 */
public final class Generation {
  /** Who reads what is written; called in order, by the thread that runs. */
  public interface Reader {
    /** Some more text; false where nobody reads any more. */
    boolean text(String piece);
  }

  /** How it ended. */
  public sealed interface End {}

  /**
   * As many tokens were written as were asked for, or a stop was met.
   *
   * @param reason {@code length} or {@code stop}
   */
  public record Finished(String reason, int tokens) implements End {}

  /** It could not go on. */
  public record Broken(Refusal refusal) implements End {}

  /** A window of tokens. */
  private record Window(NamedTensor tensor) implements ModelCall {
    @Override
    public List<NamedTensor> inputs() {
      return List.of(tensor);
    }

    @Override
    public Urgency urgency(Urgency unlessSaid) {
      return unlessSaid;
    }
  }

  private final ModelCalls calls;
  private final TextModel model;
  private final Map<String, Object> lineage;
  private final GenerateRequest request;
  private final Asking asking;
  private final List<Integer> tokens;

  private Generation(
      ModelCalls calls,
      TextModel model,
      Map<String, Object> lineage,
      GenerateRequest request,
      Asking asking) {
    this.calls = calls;
    this.model = model;
    this.lineage = lineage;
    this.request = request;
    this.asking = asking;
    this.tokens = new ArrayList<>(model.read(request.text()));
  }

  /**
   * A generation by the version that the traffic of the model chooses, or by a given one.
   *
   * @throws io.tidemill.error.EngineException NOT_FOUND where there is none, INVALID_ARGUMENT where
   *     it writes no text or does not know what the text is made of
   */
  public static Generation of(
      ModelRegistry registry,
      ModelCalls calls,
      String name,
      Optional<String> version,
      GenerateRequest request,
      Asking asking) {
    LoadedModel model = registry.acquire(name, version, asking.key());
    try {
      return new Generation(calls, TextModel.of(model), model.lineage(), request, asking);
    } finally {
      model.release();
    }
  }

  /** The name of the model that writes. */
  public String modelName() {
    return model.name();
  }

  /** The version that writes. */
  public String modelVersion() {
    return String.valueOf(model.version());
  }

  /** Where its weights came from. */
  public Map<String, Object> lineage() {
    return lineage;
  }

  /** What draws the tokens; with it the same text is written again. */
  public long seed() {
    return request.sampling().seed();
  }

  /**
   * Writes.
   *
   * @param onCall told how to withdraw each call while it is under way
   */
  public End run(Reader reader, Consumer<Runnable> onCall) {
    SplittableRandom random = new SplittableRandom(request.sampling().seed());
    StopText text = new StopText(request.stop());
    for (int written = 0; written < request.maxTokens(); ) {
      Outcome<Window> outcome = next(onCall);
      switch (outcome) {
        case Refused<Window>(Refusal refusal) -> {
          return new Broken(refusal);
        }
        case Answered<Window> answered -> {
          float[] next = model.next(answered.outputs(), tokens.size());
          int token = request.sampling().draw(next, random);
          tokens.add(token);
          written++;
          text.add(model.tokens().get(token));
        }
      }
      boolean isLast = text.isStopped() || written == request.maxTokens();
      String piece = isLast ? text.rest() : text.certain();
      if (!piece.isEmpty() && !reader.text(piece)) {
        return new Broken(new Refusal.Withdrawn("the client has left"));
      }
      if (text.isStopped()) {
        return new Finished("stop", written);
      }
    }
    return new Finished("length", request.maxTokens());
  }

  private Outcome<Window> next(Consumer<Runnable> onCall) {
    long nowNs = System.nanoTime();
    long leftNs = asking.urgency().timeoutNs();
    if (leftNs != Long.MAX_VALUE) {
      leftNs -= nowNs - asking.arrivedNs();
      if (leftNs <= 0) {
        return new Refused<>(
            new Refusal.OutOfTime("the time for the text was over before it was written"));
      }
    }
    Asked<Window> asked =
        calls.ask(
            model.name(),
            Optional.of(modelVersion()),
            new Asking(asking.key(), asking.urgency().within(leftNs), nowNs),
            () -> false,
            _ -> new Window(model.window(tokens)));
    onCall.accept(asked.withdraw());
    return asked.outcome().toCompletableFuture().join();
  }
}
