/**
 * The inference protocol V2 over gRPC, on a port of its own: {@code
 * inference.GRPCInferenceService}.
 *
 * <p>Reads and writes messages; what a call costs, where it waits and who answers it is the same as
 * over HTTP ({@link io.tidemill.serving.call.ModelCalls}).
 */
package io.tidemill.serving.grpc;
