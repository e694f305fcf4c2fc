package io.tidemill.cluster;

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
          .importPackages("io.tidemill.cluster");

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.cluster.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void packagesDependOnlyOnTheOnesBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("job")
        .definedBy("io.tidemill.cluster.job..")
        .layer("message")
        .definedBy("io.tidemill.cluster.message..")
        .layer("head")
        .definedBy("io.tidemill.cluster.head..")
        .layer("worker")
        .definedBy("io.tidemill.cluster.worker..")
        .layer("node")
        .definedBy("io.tidemill.cluster.node..")
        .layer("http")
        .definedBy("io.tidemill.cluster.http..")
        .whereLayer("http")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("node")
        .mayOnlyBeAccessedByLayers("http")
        .whereLayer("head")
        .mayOnlyBeAccessedByLayers("node")
        .whereLayer("worker")
        .mayOnlyBeAccessedByLayers("node", "http")
        .whereLayer("message")
        .mayOnlyBeAccessedByLayers("head", "worker", "node", "http")
        .check(CLASSES);
  }

  @Test
  void whatIsDecidedKnowsNoActors() {
    noClasses()
        .that()
        .resideInAPackage("io.tidemill.cluster.job..")
        .or()
        .haveSimpleName("Scheduler")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.pekko..")
        .check(CLASSES);
  }
}
