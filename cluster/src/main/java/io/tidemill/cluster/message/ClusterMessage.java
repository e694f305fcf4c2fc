package io.tidemill.cluster.message;

/** Whatever crosses between nodes: written as CBOR, see {@code tidemill-cluster.conf}. */
public interface ClusterMessage {}
