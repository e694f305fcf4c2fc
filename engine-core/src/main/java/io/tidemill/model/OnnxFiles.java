package io.tidemill.model;

import io.tidemill.storage.Names;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where ONNX models lie: {@code <model>/<version>/model.onnx} as in Triton, or a file by itself.
 */
final class OnnxFiles {
  private OnnxFiles() {}

  /** Whether a user who points here means one ONNX model: a file of that kind, or a version. */
  static boolean isOne(Path path) {
    boolean isFile = path.toString().endsWith(OnnxFile.SUFFIX) && Files.isRegularFile(path);
    return isFile || Files.isRegularFile(path.resolve(OnnxFile.MODEL));
  }

  /** The model that {@link #isOne} says is there, at an absolute path. */
  static OnnxFile at(Path path) {
    if (Files.isDirectory(path)) {
      String model = Names.require("model", String.valueOf(path.getParent().getFileName()));
      int version = ModelFolders.version(path.getFileName().toString()).orElse(1);
      return in(path, model, version).orElseThrow();
    }
    String file = path.getFileName().toString();
    String model = file.substring(0, file.length() - OnnxFile.SUFFIX.length());
    return new OnnxFile(Names.require("model", model), 1, path, Optional.empty());
  }

  /** The ONNX model of a version's folder; empty where there is none, or a model of ours. */
  static Optional<OnnxFile> in(Path folder, String model, int version) {
    Path file = folder.resolve(OnnxFile.MODEL);
    Path config = folder.resolveSibling(OnnxFile.CONFIG);
    if (!Files.isRegularFile(file) || Files.exists(folder.resolve(StoredModel.DESCRIPTION))) {
      return Optional.empty();
    }
    return Optional.of(
        new OnnxFile(model, version, file, Optional.of(config).filter(Files::isRegularFile)));
  }
}
