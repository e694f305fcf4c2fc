/**
 * Serving of trained models over HTTP.
 *
 * <p>A request walks {@link io.tidemill.serving.http} (route, body), {@link
 * io.tidemill.serving.protocol} (JSON to tensors), {@link io.tidemill.serving.call} (a call without
 * its protocol), {@link io.tidemill.serving.registry} (which version), {@link
 * io.tidemill.serving.batch} (queue, batch, device) and back. {@link
 * io.tidemill.serving.ServingServer} puts them together. DESIGN §10.
 */
package io.tidemill.serving;
