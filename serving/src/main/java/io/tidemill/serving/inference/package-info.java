/** What a model is asked and what it answers, as values: no HTTP, no JSON, no threads. */
package io.tidemill.serving.inference;
