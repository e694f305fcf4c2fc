package io.tidemill.serving.registry;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.Lineage;
import io.tidemill.model.Signature;
import io.tidemill.model.StoredModel;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramJson;
import io.tidemill.serving.batch.BatchProgram;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** Models of ours: their program compiled, their weights on the device. */
final class StoredPrograms {
  private StoredPrograms() {}

  static BatchProgram open(StoredModel stored, Device device, int batchRows, int threads) {
    Program program = ProgramJson.read(stored.program());
    CallSignature signature = signature(stored, program);
    DeviceBuffer parameters = device.allocate(program.layout().floats());
    try {
      copyWeights(stored, program.layout(), parameters);
      return new BatchProgram(device, program, parameters, signature, batchRows, threads);
    } catch (RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  static Map<String, Object> lineage(StoredModel stored) {
    Lineage lineage = stored.description().lineage();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("job", lineage.job());
    values.put("checkpoint", lineage.checkpoint());
    values.put("step", lineage.step());
    values.put("modelVersion", stored.version());
    values.put("samples", lineage.samples());
    values.put("sources", lineage.sources());
    lineage.trainedUpTo().ifPresent(time -> values.put("eventTime", time.toString()));
    return values;
  }

  /** The program's own inputs and outputs, which are those that were announced. */
  private static CallSignature signature(StoredModel stored, Program program) {
    CallSignature computed = CallSignature.ofProgram(program.inputSpecs(), program.outputSpecs());
    Signature announced = stored.description().signature();
    if (!computed.inputs().equals(announced.inputs())
        || !computed.outputs().equals(announced.outputs())) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "model %s version %d: model.json announces %s, its program has %s; publish it again"
              .formatted(stored.name(), stored.version(), announced, computed));
    }
    return computed;
  }

  private static void copyWeights(StoredModel stored, ParameterLayout layout, DeviceBuffer to) {
    try (Arena arena = Arena.ofConfined()) {
      for (NamedTensor weight : stored.weights(arena)) {
        ParameterLayout.Entry entry = layout.entry(weight.name());
        if (!entry.shape().equals(weight.shape())) {
          throw new EngineException(
              ErrorCode.CORRUPT_STATE,
              "weight %s of %s: expected shape %s, found %s; publish the model again"
                  .formatted(weight.name(), stored.folder(), entry.shape(), weight.shape()));
        }
        to.write(entry.offset(), weight.data());
      }
    }
  }
}
