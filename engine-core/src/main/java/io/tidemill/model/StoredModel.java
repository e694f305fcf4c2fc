package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Damage;
import io.tidemill.storage.FileSeal;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.TensorSpec;
import io.tidemill.tensor.WeightsDigest;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One immutable version of a model.
 *
 * @param folder where it lies
 * @param description what {@code model.json} says
 */
public record StoredModel(Path folder, ModelDescription description) implements Servable {
  static final String DESCRIPTION = "model.json";
  static final String WEIGHTS = "weights.safetensors";
  static final String PROGRAM = "program.json";
  static final String FEATURES = "features.json";

  /** Opens a version's folder and checks each of its files. */
  static StoredModel open(Path folder) {
    Path file = folder.resolve(DESCRIPTION);
    if (!Files.isRegularFile(file)) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "model version "
              + folder
              + " is incomplete: there is no "
              + file
              + (" nor " + OnnxFile.MODEL));
    }
    StoredModel model = new StoredModel(folder, ModelDescription.FORMAT.read(file));
    model
        .damage()
        .ifPresent(
            damage -> {
              throw damage.toException();
            });
    return model;
  }

  /** A version whose {@code model.json} is whole; its other files are not read. */
  static Optional<StoredModel> find(Path folder) {
    Path file = folder.resolve(DESCRIPTION);
    return ModelDescription.FORMAT.check(file).isPresent()
        ? Optional.empty()
        : Optional.of(new StoredModel(folder, ModelDescription.FORMAT.read(file)));
  }

  /** The first file that is missing or not what was published; empty where all are whole. */
  public Optional<Damage> damage() {
    return Stream.of(WEIGHTS, PROGRAM, FEATURES)
        .flatMap(name -> seal(name).check(folder.resolve(name)).stream())
        .findFirst();
  }

  @Override
  public String name() {
    return description.name();
  }

  @Override
  public int version() {
    return description.modelVersion();
  }

  public Path weightsPath() {
    return folder.resolve(WEIGHTS);
  }

  public Path programPath() {
    return folder.resolve(PROGRAM);
  }

  /** The program, as it was published. */
  public String program() {
    return text(PROGRAM);
  }

  /** The feature graph, as it was published. */
  public String features() {
    return text(FEATURES);
  }

  /**
   * The values of all parameters in the order of their layout, mapped from the file.
   *
   * @param arena how long they are needed
   */
  public List<NamedTensor> weights(Arena arena) {
    SafeTensors file = SafeTensors.map(weightsPath(), arena);
    return description.parameters().stream()
        .map(
            parameter ->
                file.tensor(new TensorSpec(parameter.name(), DataType.FLOAT32, parameter.shape())))
        .toList();
  }

  /**
   * Computes the digest of the weights anew.
   *
   * @throws EngineException CORRUPT_STATE where it is not the one in {@code model.json}
   */
  public void verifyWeights() {
    try (Arena arena = Arena.ofConfined()) {
      String found = WeightsDigest.sha256(weights(arena));
      if (!found.equals(description.weightsSha256())) {
        throw new Damage(weightsPath(), "weightsSha256 " + description.weightsSha256(), found)
            .toException();
      }
    }
  }

  private String text(String name) {
    return new String(seal(name).read(folder.resolve(name)), StandardCharsets.UTF_8);
  }

  private FileSeal seal(String name) {
    FileSeal seal = description.files().get(name);
    if (seal == null) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, folder.resolve(DESCRIPTION) + " does not list " + name);
    }
    return seal;
  }
}
