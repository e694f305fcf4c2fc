package io.tidemill.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tidemill.cli");

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.cli.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void nothingBelowKnowsTheCommands() {
    noClasses()
        .that()
        .resideInAPackage("io.tidemill.cli.*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.tidemill.cli")
        .check(CLASSES);
  }

  @Test
  void onlyCommandsKnowPicocli() {
    noClasses()
        .that()
        .resideInAPackage("io.tidemill.cli.*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(CLASSES);
  }

  @Test
  void onlyTheRegistryOfExamplesKnowsExamples() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tidemill.cli.pipeline")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.tidemill.examples..")
        .check(CLASSES);
  }
}
