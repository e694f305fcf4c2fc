package io.tidemill;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tidemill");

  /** Which packages each package may use; the whole list, and nothing frozen. */
  private static final Map<String, Set<String>> ALLOWED = new TreeMap<>();

  static {
    allow("error");
    allow("memory");
    allow("metric", "error");
    allow("storage", "error");
    allow("tensor", "error", "memory");
    allow("codec", "error");
    allow("state", "codec", "error");
    allow("program", "error", "tensor");
    allow("network", "error", "program", "tensor");
    allow("device", "error", "memory", "program", "tensor");
    allow("model", "error", "storage", "tensor");
    allow("connector", "error");
    allow("release");
    allow("channel", "error");
    allow("link", "error");
    allow("checkpoint", "codec", "error", "storage");
    allow("operator", "channel", "checkpoint", "codec", "connector", "error", "state", "storage");
    allow("task", "channel", "codec", "connector", "error", "operator");
    allow("relay", "channel", "codec", "error", "link", "task");
    allow("harness", "channel", "operator", "storage", "task");
    allow(
        "train",
        "channel",
        "checkpoint",
        "codec",
        "device",
        "error",
        "link",
        "memory",
        "metric",
        "network",
        "operator",
        "program",
        "storage",
        "task",
        "tensor");
    allow("graph", "codec", "connector", "error", "metric", "operator", "train");
    allow("plan", "connector", "error", "graph", "train");
    allow("dsl", "codec", "connector", "error", "graph", "metric", "operator", "program", "train");
    allow(
        "local",
        "channel",
        "checkpoint",
        "codec",
        "connector",
        "device",
        "dsl",
        "error",
        "graph",
        "link",
        "metric",
        "model",
        "operator",
        "plan",
        "program",
        "relay",
        "release",
        "storage",
        "task",
        "tensor",
        "train",
        "network");
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tidemill.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("io.tidemill.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void packagesUseOnlyThoseBelow() {
    LayeredArchitecture layers =
        layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("io.tidemill..")
            .ensureAllClassesAreContainedInArchitecture();
    for (String name : ALLOWED.keySet()) {
      layers = layers.layer(name).definedBy("io.tidemill." + name + "..");
    }
    for (Map.Entry<String, Set<String>> edges : ALLOWED.entrySet()) {
      layers =
          edges.getValue().isEmpty()
              ? layers.whereLayer(edges.getKey()).mayNotAccessAnyLayer()
              : layers
                  .whereLayer(edges.getKey())
                  .mayOnlyAccessLayers(edges.getValue().toArray(String[]::new));
    }
    layers.check(CLASSES);
  }

  private static void allow(String name, String... used) {
    ALLOWED.put(name, Set.of(used));
  }
}
