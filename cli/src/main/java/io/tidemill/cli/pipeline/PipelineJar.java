package io.tidemill.cli.pipeline;

import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/**
 * A pipeline in a user's jar.
 *
 * @param file the jar
 * @param className the class after {@code !}; empty for the manifest's Main-Class
 */
record PipelineJar(Path file, Optional<String> className) {
  static PipelineJar of(String word) {
    int mark = word.indexOf(".jar!");
    return mark < 0
        ? new PipelineJar(Path.of(word), Optional.empty())
        : new PipelineJar(
            Path.of(word.substring(0, mark + 4)), Optional.of(word.substring(mark + 5)));
  }

  NamedPipeline load() {
    if (!Files.isRegularFile(file)) {
      throw refused(ErrorCode.NOT_FOUND, "there is no file " + file, null);
    }
    String name = className.filter(text -> !text.isBlank()).orElseGet(this::mainClass);
    return new NamedPipeline(name, instance(name));
  }

  private String mainClass() {
    try (JarFile jar = new JarFile(file.toFile())) {
      return Optional.ofNullable(jar.getManifest())
          .map(Manifest::getMainAttributes)
          .map(attributes -> attributes.getValue(Attributes.Name.MAIN_CLASS))
          .orElseThrow(
              () ->
                  refused(
                      ErrorCode.INVALID_DATA,
                      "its manifest names no Main-Class; name the pipeline, as in "
                          + file
                          + "!com.example.MyPipeline",
                      null));
    } catch (IOException e) {
      throw refused(ErrorCode.INVALID_DATA, "it is no jar: " + e.getMessage(), e);
    }
  }

  private PipelineDefinition instance(String name) {
    try {
      Class<?> loaded = Class.forName(name, true, loader());
      if (!PipelineDefinition.class.isAssignableFrom(loaded)) {
        throw refused(
            ErrorCode.INVALID_DATA,
            "class " + name + " does not implement " + PipelineDefinition.class.getName(),
            null);
      }
      return (PipelineDefinition) loaded.getConstructor().newInstance();
    } catch (ClassNotFoundException e) {
      throw refused(ErrorCode.NOT_FOUND, "there is no class " + name + " in it", e);
    } catch (NoSuchMethodException | IllegalAccessException | InstantiationException e) {
      throw refused(
          ErrorCode.INVALID_DATA,
          "class "
              + name
              + " is not public, is abstract, or has no public constructor without"
              + " arguments",
          e);
    } catch (InvocationTargetException e) {
      throw refused(
          ErrorCode.USER_CODE, "the constructor of " + name + " threw " + e.getCause(), e);
    } catch (LinkageError e) {
      throw refused(ErrorCode.USER_CODE, "class " + name + " cannot be loaded: " + e, e);
    }
  }

  /** Lives as long as the process: the pipeline loads classes while it runs. */
  private URLClassLoader loader() {
    try {
      return new URLClassLoader(
          new URL[] {file.toUri().toURL()}, PipelineJar.class.getClassLoader());
    } catch (MalformedURLException e) {
      throw refused(ErrorCode.INVALID_ARGUMENT, e.getMessage(), e);
    }
  }

  private EngineException refused(ErrorCode code, String why, Throwable cause) {
    return new EngineException(code, "pipeline " + file + " cannot be run: " + why, cause);
  }
}
