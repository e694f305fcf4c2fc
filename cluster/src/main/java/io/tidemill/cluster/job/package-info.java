/**
 * What a cluster keeps and says of jobs and workers: values, and the store that makes them durable.
 */
package io.tidemill.cluster.job;
