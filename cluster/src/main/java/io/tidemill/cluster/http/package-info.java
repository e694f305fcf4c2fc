/** What users ask a head over HTTP: {@code /api}, DESIGN §13. */
package io.tidemill.cluster.http;
