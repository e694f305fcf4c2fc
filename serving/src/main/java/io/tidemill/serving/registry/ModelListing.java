package io.tidemill.serving.registry;

import io.tidemill.serving.inference.CallSignature;
import java.util.List;

/**
 * A model that is served, for lists.
 *
 * @param versions loaded, ascending; requests that name none get the last
 * @param signature of that last version
 */
public record ModelListing(String name, List<String> versions, CallSignature signature) {
  public ModelListing {
    versions = List.copyOf(versions);
  }
}
