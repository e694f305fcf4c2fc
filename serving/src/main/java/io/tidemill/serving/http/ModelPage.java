package io.tidemill.serving.http;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.registry.ModelListing;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.stream.Collectors;

/** The plain page at {@code /}: which models are served, and how to call them. */
final class ModelPage {
  private ModelPage() {}

  static String of(List<ModelListing> models) {
    String rows = models.stream().map(ModelPage::row).collect(Collectors.joining());
    return """
    <!doctype html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Tidemill</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }
      table { border-collapse: collapse; } td, th { padding: .3rem .8rem; text-align: left; }
      tr { border-bottom: 1px solid #8884; }
    </style></head>
    <body>
    <h1>Tidemill</h1>
    <table>
    <tr><th>model</th><th>versions</th><th>inputs</th><th>outputs</th></tr>
    %s</table>
    %s
    <p><a href="metrics">metrics</a> · <a href="v2">server</a></p>
    </body></html>
    """
        .formatted(rows, models.isEmpty() ? "<p>No model is loaded yet.</p>" : "");
  }

  private static String row(ModelListing model) {
    CallSignature signature = model.signature();
    return "<tr><td><a href=\"v2/models/%s\">%s</a></td><td>%s</td><td>%s</td><td>%s</td></tr>%n"
        .formatted(
            escape(model.name()),
            escape(model.name()),
            escape(String.join(", ", model.versions())),
            escape(tensors(signature.inputs())),
            escape(tensors(signature.outputs())));
  }

  private static String tensors(List<TensorSpec> specs) {
    return specs.stream()
        .map(spec -> spec.name() + " " + spec.type().protocolName() + " " + spec.shape())
        .collect(Collectors.joining(", "));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
