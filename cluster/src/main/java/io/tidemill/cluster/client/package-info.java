/** The other end of {@code /api}, for commands. */
package io.tidemill.cluster.client;
