/**
 * Dynamic batching without delay: requests queue per model, a few threads take what is there.
 *
 * <p>Reading order: {@link io.tidemill.serving.batch.BatchQueue}, {@link
 * io.tidemill.serving.batch.BatchExecutors}, {@link io.tidemill.serving.batch.BatchModel}, {@link
 * io.tidemill.serving.batch.BatchProgram}.
 */
package io.tidemill.serving.batch;
