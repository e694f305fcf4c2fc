package io.tidemill.transport;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tidemill.transport");

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void packagesUseOnlyThoseBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.tidemill.transport..")
        .ensureAllClassesAreContainedInArchitecture()
        .layer("aeron")
        .definedBy("io.tidemill.transport.aeron..")
        .layer("collective")
        .definedBy("io.tidemill.transport.collective..")
        .layer("link")
        .definedBy("io.tidemill.transport.link..")
        .whereLayer("link")
        .mayOnlyAccessLayers("aeron")
        .whereLayer("aeron")
        .mayNotAccessAnyLayer()
        .whereLayer("collective")
        .mayOnlyAccessLayers("aeron")
        .check(CLASSES);
  }
}
