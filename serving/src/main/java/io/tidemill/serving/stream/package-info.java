/**
 * Texts that a model writes, token by token: no HTTP.
 *
 * <p>Each token is a call of its own ({@link io.tidemill.serving.call.ModelCalls}), so it rides in
 * batches with others and has the bits that it has alone.
 */
package io.tidemill.serving.stream;
