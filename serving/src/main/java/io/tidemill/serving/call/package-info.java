/**
 * Calls to models without a protocol: which version, its queue, its shadow, its meters.
 *
 * <p>HTTP, and whatever else brings calls, reads a request into a {@link
 * io.tidemill.serving.call.ModelCall}, asks {@link io.tidemill.serving.call.ModelCalls}, and writes
 * the {@link io.tidemill.serving.call.Outcome} in its own words.
 */
package io.tidemill.serving.call;
