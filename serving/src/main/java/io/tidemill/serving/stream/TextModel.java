package io.tidemill.serving.stream;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.ZeroTensors;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model version that continues a text: it sees {@code length} tokens and says for each of them
 * how probable every token is behind it. A value.
 *
 * @param tokens what each one is as text, by its number
 * @param input [rows, length] of numbers of tokens; what is behind the text is zeros, which a
 *     causal model does not look at
 * @param output name of [rows, length, tokens] of probabilities
 */
record TextModel(
    String name, int version, List<String> tokens, TensorSpec input, String output, int length) {
  /**
   * What a loaded version is, where it continues texts.
   *
   * @throws EngineException INVALID_ARGUMENT where it does not
   */
  static TextModel of(LoadedModel model) {
    CallSignature signature = model.signature();
    TensorSpec input = signature.inputs().getFirst();
    List<String> tokens = model.labels();
    boolean isOfIds =
        (input.type() == DataType.INT32 || input.type() == DataType.INT64)
            && input.shape().rank() == 2
            && input.shape().dim(1) > 0;
    TensorSpec output = signature.outputs().getFirst();
    long perRow = output.shape().elements();
    boolean isOfTokens =
        output.type() == DataType.FLOAT32
            && isOfIds
            && perRow == (long) input.shape().dim(1) * tokens.size();
    if (signature.inputs().size() != 1 || !signature.isBatchable() || !isOfTokens) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          ("model \"%s\" writes no text: expected one input of token numbers [-1, length], an"
               + " output of probabilities [-1, length, tokens], and a label for each token; found"
               + " the inputs %s, the outputs %s and %d labels")
              .formatted(model.name(), signature.inputs(), signature.outputs(), tokens.size()));
    }
    return new TextModel(
        model.name(), model.version(), tokens, input, output.name(), input.shape().dim(1));
  }

  /**
   * The numbers of the tokens that a text is made of, the longest that fits first; that of a
   * newline for no text at all.
   *
   * @throws EngineException INVALID_ARGUMENT where there is no token for a part of it
   */
  List<Integer> read(String text) {
    Map<String, Integer> numbers = new HashMap<>();
    int longest = 0;
    for (int i = 0; i < tokens.size(); i++) {
      numbers.putIfAbsent(tokens.get(i), i);
      longest = Math.max(longest, tokens.get(i).length());
    }
    String from = text.isEmpty() ? "\n" : text;
    List<Integer> read = new ArrayList<>();
    for (int at = 0; at < from.length(); ) {
      int end = Math.min(from.length(), at + longest);
      while (end > at && !numbers.containsKey(from.substring(at, end))) {
        end--;
      }
      if (end == at) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "text_input: expected text of the model's %d tokens, found \"%s\" at position %d"
                .formatted(
                    tokens.size(),
                    Character.toString(from.codePointAt(at)),
                    text.isEmpty() ? 0 : at));
      }
      read.add(numbers.get(from.substring(at, end)));
      at = end;
    }
    return read;
  }

  /** The model's input for the last tokens of a text, as many as it sees. */
  NamedTensor window(List<Integer> text) {
    NamedTensor window = ZeroTensors.of(input.name(), input.type(), input.shape().bind(1));
    List<Integer> last = text.subList(Math.max(0, text.size() - length), text.size());
    for (int i = 0; i < last.size(); i++) {
      if (input.type() == DataType.INT64) {
        window.data().setAtIndex(ValueLayout.JAVA_LONG, i, last.get(i));
      } else {
        window.data().setAtIndex(ValueLayout.JAVA_INT, i, last.get(i));
      }
    }
    return window;
  }

  /** How probable each token is behind a text of so many tokens, by what the model answers. */
  float[] next(List<NamedTensor> outputs, int textTokens) {
    NamedTensor probabilities =
        outputs.stream().filter(tensor -> tensor.name().equals(output)).findFirst().orElseThrow();
    long from = (Math.min(textTokens, length) - 1L) * tokens.size();
    float[] next = new float[tokens.size()];
    for (int i = 0; i < next.length; i++) {
      next[i] = probabilities.data().getAtIndex(ValueLayout.JAVA_FLOAT, from + i);
    }
    return next;
  }
}
