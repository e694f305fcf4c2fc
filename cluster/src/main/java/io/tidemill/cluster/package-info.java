/**
 * Several processes that run jobs: heads, of which one decides, and workers.
 *
 * <p>A submission comes in through {@link io.tidemill.cluster.http}, is made durable and placed by
 * {@link io.tidemill.cluster.head}, run by {@link io.tidemill.cluster.worker}. Only decisions cross
 * between nodes here ({@link io.tidemill.cluster.message}); what is trained never does. DESIGN §9,
 * docs/design/0011.
 */
package io.tidemill.cluster;
