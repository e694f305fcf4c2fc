/** The document that says which paths a server has, as a value: no HTTP, no threads. */
package io.tidemill.serving.openapi;
