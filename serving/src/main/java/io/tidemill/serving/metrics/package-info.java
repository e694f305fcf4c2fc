/** What is counted and timed, in Prometheus' text format. */
package io.tidemill.serving.metrics;
