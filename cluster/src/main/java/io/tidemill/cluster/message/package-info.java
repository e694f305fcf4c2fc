/** What the nodes of a cluster say to each other, as CBOR over Pekko's remoting. */
package io.tidemill.cluster.message;
