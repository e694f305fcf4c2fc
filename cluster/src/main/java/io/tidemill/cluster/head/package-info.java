/** The head: {@link io.tidemill.cluster.head.HeadActor} hears, its scheduler decides. */
package io.tidemill.cluster.head;
