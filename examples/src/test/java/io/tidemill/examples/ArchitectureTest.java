package io.tidemill.examples;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tidemill.examples");

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void anExampleKnowsNoOtherExample() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("..digits..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..fraud..")
        .check(classes);
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("..fraud..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..digits..")
        .check(classes);
  }
}
