package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which folders of a store are models and versions; what lies in them is not looked at. */
final class ModelFolders {
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");

  private ModelFolders() {}

  /** Folders of versions by number, under a model's folder. */
  static SortedMap<Integer, Path> versions(Path modelFolder) {
    SortedMap<Integer, Path> versions = new TreeMap<>();
    children(modelFolder)
        .forEach((name, path) -> version(name).ifPresent(version -> versions.put(version, path)));
    return versions;
  }

  /** The version that a folder's name is, if it is one. */
  static Optional<Integer> version(String name) {
    return Optional.of(name).filter(VERSION.asMatchPredicate()).map(Integer::valueOf);
  }

  /** Folders of models by name, under a store's folder. */
  static SortedMap<String, Path> models(Path modelsFolder) {
    SortedMap<String, Path> models = new TreeMap<>();
    children(modelsFolder)
        .forEach(
            (name, path) -> {
              if (Names.isSafe(name) && !versions(path).isEmpty()) {
                models.put(name, path);
              }
            });
    return models;
  }

  /** A folder beside the versions that a job works on: a version to come, or one that goes. */
  static Path working(Path modelFolder, int version, String what, String job) {
    return modelFolder.resolve(
        "%d.%s-%s-%d".formatted(version, what, job, ProcessHandle.current().pid()));
  }

  /** Such folders of a job, which has no other process any more; left behind by a kill. */
  static List<Path> leftBehind(Path modelFolder, String job) {
    Pattern name =
        Pattern.compile("[1-9][0-9]{0,8}\\.(?:new|old)-" + Pattern.quote(job) + "-[0-9]+");
    return children(modelFolder).entrySet().stream()
        .filter(child -> name.matcher(child.getKey()).matches())
        .map(Map.Entry::getValue)
        .toList();
  }

  private static Map<String, Path> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return Map.of();
    }
    Map<String, Path> children = new TreeMap<>();
    try (Stream<Path> paths = Files.list(folder)) {
      paths
          .filter(Files::isDirectory)
          .forEach(path -> children.put(path.getFileName().toString(), path));
      return children;
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, folder + " cannot be listed: " + e, e);
    }
  }
}
