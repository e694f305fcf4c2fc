/**
 * HTTP on Pekko's low-level server: routes, bodies, answers. No Pekko type leaves this package but
 * through {@link io.tidemill.serving.http.HttpListener}'s own methods, which have none.
 */
package io.tidemill.serving.http;
