package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts the layers of a program into stages, one behind the other, such that the longest stage is as
 * short as can be.
 *
 * <p>A transform on a program before differentiation: instructions of stage s are at place s.
 * Layers inside a layer stay together. How long a layer takes is taken from its {@link Cost}: a
 * byte moved is worth {@value #FLOPS_OF_A_BYTE} operations.
 */
public final class StageCut {
  /** 100 GFLOP/s beside 10 GB/s, which is about what a core does. */
  private static final long FLOPS_OF_A_BYTE = 10;

  private StageCut() {}

  /**
   * Assigns stages.
   *
   * @param rows of a run of the program, where it is open
   * @throws EngineException INVALID_ARGUMENT where there are fewer layers than stages
   */
  public static Program apply(Program program, int rows, int stages) {
    if (stages == 1) {
      return program;
    }
    Map<String, Long> costs = costs(program.isOpen() ? program.bind(rows) : program);
    if (costs.size() < stages) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "pipeline(%d) needs as many layers as stages: found %d, %s; ask for fewer stages"
              .formatted(stages, costs.size(), costs.keySet()));
    }
    Map<String, Integer> stageOf = assign(costs, stages);
    List<Instruction> placed =
        program.instructions().stream()
            .map(each -> each.at(stageOf.get(outermost(each.layer()))))
            .toList();
    return new Program(program.values(), placed, program.outputs(), program.gradients());
  }

  private static Map<String, Long> costs(Program program) {
    Map<String, Long> costs = new LinkedHashMap<>();
    for (Instruction instruction : program.instructions()) {
      Cost cost = Cost.of(program, instruction);
      costs.merge(
          outermost(instruction.layer()), cost.flops() + FLOPS_OF_A_BYTE * cost.bytes(), Long::sum);
    }
    return costs;
  }

  /** The best of all ways to cut, the later stages shorter where it makes no difference. */
  private static Map<String, Integer> assign(Map<String, Long> costs, int stages) {
    List<String> layers = List.copyOf(costs.keySet());
    int count = layers.size();
    long[] sums = new long[count + 1];
    for (int i = 0; i < count; i++) {
      sums[i + 1] = sums[i] + costs.get(layers.get(i));
    }
    // longest[s][n]: the longest of s stages of the first n layers; cut[s][n]: where the last
    // begins
    long[][] longest = new long[stages + 1][count + 1];
    int[][] cut = new int[stages + 1][count + 1];
    for (int n = 1; n <= count; n++) {
      longest[1][n] = sums[n];
    }
    for (int s = 2; s <= stages; s++) {
      for (int n = s; n <= count; n++) {
        longest[s][n] = Long.MAX_VALUE;
        for (int from = s - 1; from < n; from++) {
          long candidate = Math.max(longest[s - 1][from], sums[n] - sums[from]);
          if (candidate <= longest[s][n]) {
            longest[s][n] = candidate;
            cut[s][n] = from;
          }
        }
      }
    }
    Map<String, Integer> stageOf = new HashMap<>();
    int end = count;
    for (int s = stages; s >= 1; s--) {
      for (int i = cut[s][end]; i < end; i++) {
        stageOf.put(layers.get(i), s - 1);
      }
      end = cut[s][end];
    }
    return stageOf;
  }

  private static String outermost(String layer) {
    int end = layer.indexOf('/');
    return end < 0 ? layer : layer.substring(0, end);
  }
}
