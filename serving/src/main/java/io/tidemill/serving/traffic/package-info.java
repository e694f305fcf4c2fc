/**
 * Which version of a model answers a request: fixed, canary, shadow, and how a canary comes to its
 * end. No HTTP, no threads of its own.
 */
package io.tidemill.serving.traffic;
