/** This process as a member of the cluster: address, membership, joining and leaving. */
package io.tidemill.cluster.node;
