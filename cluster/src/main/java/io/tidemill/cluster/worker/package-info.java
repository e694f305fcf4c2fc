/** The worker: runs what the head assigns to it, and reports. */
package io.tidemill.cluster.worker;
