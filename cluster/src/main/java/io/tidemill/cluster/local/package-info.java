/** A whole cluster on this machine, a process for each node. */
package io.tidemill.cluster.local;
