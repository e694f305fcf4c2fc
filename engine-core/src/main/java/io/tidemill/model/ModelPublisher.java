package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.FileContent;
import io.tidemill.storage.FileSeal;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.WeightsDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Writes a version beside the others and gives it its number by one rename. */
final class ModelPublisher {
  private final Path modelFolder;

  ModelPublisher(Path modelFolder) {
    this.modelFolder = modelFolder;
  }

  StoredModel publish(Publication publication) {
    try {
      Files.createDirectories(modelFolder);
      for (Path leftBehind : ModelFolders.leftBehind(modelFolder, publication.lineage().job())) {
        DurableFiles.deleteTree(leftBehind);
      }
      while (true) {
        int version = nextVersion(); // before the search: what comes after it takes this number
        Optional<StoredModel> published = find(publication.lineage());
        if (published.isPresent()) {
          return published.get();
        }
        Optional<StoredModel> created = tryCreate(publication, version);
        if (created.isPresent()) {
          return created.get();
        }
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "model "
              + publication.model()
              + " was not published under "
              + modelFolder
              + ": "
              + e.getMessage()
              + "; earlier versions are untouched",
          e);
    }
  }

  private Optional<StoredModel> find(Lineage lineage) {
    return ModelFolders.versions(modelFolder).values().stream()
        .flatMap(folder -> StoredModel.find(folder).stream())
        .filter(model -> model.description().lineage().isSameMoment(lineage))
        .filter(model -> model.damage().isEmpty())
        .findFirst();
  }

  private int nextVersion() {
    SortedMap<Integer, Path> versions = ModelFolders.versions(modelFolder);
    return versions.isEmpty() ? 1 : versions.lastKey() + 1;
  }

  /** Empty where another process has taken the number meanwhile. */
  private Optional<StoredModel> tryCreate(Publication publication, int version) throws IOException {
    Path target = modelFolder.resolve(Integer.toString(version));
    Path temporary = ModelFolders.working(modelFolder, version, "new", publication.lineage().job());
    try {
      DurableFiles.deleteTree(temporary);
      Files.createDirectory(temporary);
      ModelDescription description = write(temporary, publication, version);
      DurableFiles.syncFolder(temporary);
      DurableFiles.rename(temporary, target);
      DurableFiles.syncFolder(modelFolder.getParent());
      return Optional.of(new StoredModel(target, description));
    } catch (FileSystemException e) {
      if (Files.exists(target)) {
        return Optional.empty();
      }
      throw e;
    } finally {
      DurableFiles.deleteTree(temporary);
    }
  }

  private static ModelDescription write(Path folder, Publication publication, int version)
      throws IOException {
    Lineage lineage = publication.lineage();
    Map<String, String> metadata =
        Map.of(
            "model", publication.model(),
            "version", Integer.toString(version),
            "job", lineage.job(),
            "step", Long.toString(lineage.step()));
    Map<String, FileSeal> files = new TreeMap<>();
    files.put(
        StoredModel.WEIGHTS,
        FileSeal.write(
            folder.resolve(StoredModel.WEIGHTS),
            channel -> SafeTensors.write(channel, metadata, publication.weights())));
    files.put(StoredModel.PROGRAM, writeText(folder, StoredModel.PROGRAM, publication.program()));
    files.put(
        StoredModel.FEATURES, writeText(folder, StoredModel.FEATURES, publication.features()));
    ModelDescription description =
        new ModelDescription(
            publication.model(),
            version,
            Instant.now(),
            publication.signature(),
            publication.labels(),
            lineage,
            publication.metrics(),
            publication.parameters(),
            WeightsDigest.sha256(publication.weights()),
            files);
    ModelDescription.FORMAT.write(folder.resolve(StoredModel.DESCRIPTION), description);
    return description;
  }

  private static FileSeal writeText(Path folder, String name, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    return FileSeal.write(folder.resolve(name), FileContent.of(bytes));
  }
}
