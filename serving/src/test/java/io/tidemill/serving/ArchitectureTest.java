package io.tidemill.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tidemill.serving");

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.serving.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void packagesDependOnlyOnTheOnesBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("server")
        .definedBy("io.tidemill.serving")
        .layer("http")
        .definedBy("io.tidemill.serving.http")
        .layer("grpc")
        .definedBy("io.tidemill.serving.grpc")
        .layer("stream")
        .definedBy("io.tidemill.serving.stream")
        .layer("openapi")
        .definedBy("io.tidemill.serving.openapi")
        .layer("call")
        .definedBy("io.tidemill.serving.call")
        .layer("access")
        .definedBy("io.tidemill.serving.access")
        .layer("registry")
        .definedBy("io.tidemill.serving.registry")
        .layer("onnx")
        .definedBy("io.tidemill.serving.onnx")
        .layer("batch")
        .definedBy("io.tidemill.serving.batch")
        .layer("protocol")
        .definedBy("io.tidemill.serving.protocol")
        .layer("metrics")
        .definedBy("io.tidemill.serving.metrics")
        .layer("traffic")
        .definedBy("io.tidemill.serving.traffic")
        .layer("inference")
        .definedBy("io.tidemill.serving.inference")
        .whereLayer("server")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("http")
        .mayOnlyBeAccessedByLayers("server")
        .whereLayer("access")
        .mayOnlyBeAccessedByLayers("server", "http", "grpc")
        .whereLayer("grpc")
        .mayOnlyBeAccessedByLayers("server")
        .whereLayer("stream")
        .mayOnlyBeAccessedByLayers("http")
        .whereLayer("openapi")
        .mayOnlyBeAccessedByLayers("http")
        .whereLayer("call")
        .mayOnlyBeAccessedByLayers("http", "grpc", "stream")
        .whereLayer("registry")
        .mayOnlyBeAccessedByLayers("server", "http", "grpc", "stream", "call")
        .whereLayer("onnx")
        .mayOnlyBeAccessedByLayers("registry")
        .whereLayer("batch")
        .mayOnlyBeAccessedByLayers("server", "http", "grpc", "call", "registry", "onnx")
        .whereLayer("protocol")
        .mayOnlyBeAccessedByLayers("http", "grpc", "stream", "openapi", "registry")
        .whereLayer("metrics")
        .mayOnlyBeAccessedByLayers("server", "http", "grpc", "call", "registry", "batch")
        .whereLayer("traffic")
        .mayOnlyBeAccessedByLayers("http", "grpc", "call", "registry")
        .whereLayer("inference")
        .mayOnlyBeAccessedByLayers(
            "http", "grpc", "stream", "call", "registry", "onnx", "batch", "protocol")
        .check(CLASSES);
  }

  @Test
  void onlyHttpKnowsPekko() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tidemill.serving.http")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.pekko..", "scala..", "com.typesafe..")
        .check(CLASSES);
  }

  @Test
  void onlyGrpcKnowsGrpc() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tidemill.serving.grpc")
        .and()
        .resideOutsideOfPackage("io.tidemill.serving.proto")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "io.tidemill.serving.proto..")
        .check(CLASSES);
  }

  @Test
  void onlyOnnxKnowsOnnxRuntime() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tidemill.serving.onnx")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.onnxruntime..")
        .check(CLASSES);
  }

  @Test
  void onlyTheProtocolKnowsJackson() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tidemill.serving.protocol")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.fasterxml..")
        .check(CLASSES);
  }
}
