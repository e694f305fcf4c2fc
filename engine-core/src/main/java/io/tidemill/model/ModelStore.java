package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Names;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongPredicate;

/**
 * The models under one folder: {@code <models>/<model>/<version>/}, published ones and, laid out as
 * Triton wants them, ONNX files.
 *
 * <p>Versions are immutable, so any thread and process may read. Publishing is safe among
 * processes, too: a version number is taken by an atomic rename.
 */
public final class ModelStore {
  private final Path root;
  private final Optional<Servable> only;
  private final Optional<String> onlyModel;

  private ModelStore(Path root, Optional<String> onlyModel, Optional<Servable> only) {
    this.root = root;
    this.onlyModel = onlyModel;
    this.only = only;
  }

  /** The store of a state directory, {@code <state>/models}, whether or not it exists yet. */
  public static ModelStore in(Path stateDir) {
    return new ModelStore(stateDir.resolve("models"), Optional.empty(), Optional.empty());
  }

  /**
   * The models that a user points at: a state directory, a folder of models, of one model, or of
   * one version, or an ONNX file, which is version 1 of a model of its name.
   *
   * @throws EngineException NOT_FOUND where it is none of these
   */
  public static ModelStore at(Path path) {
    Path folder = path.toAbsolutePath().normalize();
    if (Files.isDirectory(folder.resolve("models"))) {
      return in(folder);
    }
    if (looksLikeVersion(folder)) {
      return of(folder, StoredModel.open(folder));
    }
    if (OnnxFiles.isOne(folder)) {
      return of(folder, OnnxFiles.at(folder));
    }
    if (!ModelFolders.models(folder).isEmpty()) {
      return new ModelStore(folder, Optional.empty(), Optional.empty());
    }
    if (!ModelFolders.versions(folder).isEmpty()) {
      String name = folder.getFileName().toString();
      return new ModelStore(folder.getParent(), Optional.of(name), Optional.empty());
    }
    throw new EngineException(
        ErrorCode.NOT_FOUND,
        "there is no model at "
            + path
            + (Files.isDirectory(folder) ? "" : ", which is no directory and no ONNX file")
            + ": looked for models/<model>/<version>/model.json (a state directory),"
            + " <model>/<version>/, <version>/, model.json and model.onnx in it");
  }

  private static ModelStore of(Path path, Servable only) {
    return new ModelStore(path, Optional.of(only.name()), Optional.of(only));
  }

  /** Names of the models, sorted. */
  public List<String> models() {
    return onlyModel.map(List::of).orElseGet(() -> List.copyOf(ModelFolders.models(root).keySet()));
  }

  /** The versions of a model, oldest first; empty where there is no such model. */
  public List<Integer> versions(String model) {
    return List.copyOf(folders(model).keySet());
  }

  /** Where the versions of a model lie, and what is kept beside them. */
  public Path folder(String model) {
    return root.resolve(model);
  }

  /**
   * All versions of all models whose {@code model.json} is whole, by name and version; their other
   * files are not read.
   */
  public List<StoredModel> list() {
    return models().stream()
        .flatMap(model -> list(model).stream())
        .sorted(Comparator.comparing(StoredModel::name).thenComparingInt(StoredModel::version))
        .toList();
  }

  /** Those of one model, oldest first. */
  public List<StoredModel> list(String model) {
    return folders(model).values().stream()
        .flatMap(folder -> StoredModel.find(folder).stream())
        .toList();
  }

  /** The newest version of a model. */
  public StoredModel latest(String model) {
    SortedMap<Integer, Path> folders = folders(model);
    if (folders.isEmpty()) {
      throw unknown("model " + model, models());
    }
    return open(model, folders.lastKey());
  }

  /**
   * One version of a model of ours.
   *
   * @throws EngineException NOT_FOUND where there is none, CORRUPT_STATE where a file of it is
   *     damaged, naming the file, INVALID_DATA where it is an ONNX model
   */
  public StoredModel open(String model, int version) {
    return switch (find(model, version)) {
      case StoredModel ours -> ours;
      case OnnxFile onnx ->
          throw new EngineException(
              ErrorCode.INVALID_DATA,
              "model %s version %d: expected one that a run published, found %s, which can be served"
                      .formatted(model, version, onnx.file())
                  + " only");
    };
  }

  /**
   * One version of a model, ours or not.
   *
   * @throws EngineException NOT_FOUND where there is none, CORRUPT_STATE where a file of ours is
   *     damaged, naming the file
   */
  public Servable find(String model, int version) {
    Path folder = folders(model).get(version);
    if (folder == null) {
      throw unknown("version " + version + " of model " + model, versions(model));
    }
    return only.orElseGet(
        () ->
            OnnxFiles.in(folder, model, version)
                .<Servable>map(onnx -> onnx)
                .orElseGet(() -> StoredModel.open(folder)));
  }

  /**
   * Makes a new version, or finds the one that this moment of this run has published before.
   *
   * @throws EngineException RESOURCE where the disk is full or fails; nothing is left behind then
   */
  public StoredModel publish(Publication publication) {
    return new ModelPublisher(root.resolve(publication.model())).publish(publication);
  }

  /**
   * Deletes old versions of a run: all but its newest {@code kept}, those that the traffic of the
   * model names, and those whose checkpoint is a savepoint. Versions of other runs stay.
   *
   * @param run lineage of one of its versions
   * @param isSavepoint whether a checkpoint of the run, by its number, is one
   * @return the versions that were deleted
   * @throws EngineException RESOURCE where the disk fails
   */
  public List<Integer> prune(Lineage run, String model, int kept, LongPredicate isSavepoint) {
    List<StoredModel> ofRun =
        list(model).stream()
            .filter(version -> version.description().lineage().isOf(run.job(), run.runId()))
            .toList();
    return new VersionPruner(folder(model)).prune(ofRun, kept, isSavepoint);
  }

  /** Where all versions come from; their checkpoints are kept for that. */
  public List<Lineage> lineages() {
    return list().stream().map(model -> model.description().lineage()).toList();
  }

  /** Whether a version came from this checkpoint, which is kept for that. */
  public boolean refersTo(String job, String runId, long checkpoint) {
    return lineages().stream()
        .anyMatch(lineage -> lineage.isOf(job, runId) && lineage.checkpoint() == checkpoint);
  }

  private SortedMap<Integer, Path> folders(String model) {
    if (!onlyModel.orElse(model).equals(model) || !Names.isSafe(model)) {
      return Collections.emptySortedMap();
    }
    return only.<SortedMap<Integer, Path>>map(
            stored -> new TreeMap<>(Map.of(stored.version(), root)))
        .orElseGet(() -> ModelFolders.versions(root.resolve(model)));
  }

  private static boolean looksLikeVersion(Path folder) {
    return List.of(
            StoredModel.DESCRIPTION, StoredModel.WEIGHTS, StoredModel.PROGRAM, StoredModel.FEATURES)
        .stream()
        .anyMatch(name -> Files.exists(folder.resolve(name)));
  }

  private static EngineException unknown(String what, List<?> known) {
    return new EngineException(
        ErrorCode.NOT_FOUND,
        "there is no " + what + "; there " + (known.isEmpty() ? "are none" : "is " + known));
  }
}
