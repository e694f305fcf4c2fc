/** Who may ask what of a server, and how often. Knows no HTTP. */
package io.tidemill.serving.access;
