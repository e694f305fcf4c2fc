/**
 * The model versions that are loaded: from the store's folders to something that answers, and the
 * exchange of one version for the next while requests run.
 */
package io.tidemill.serving.registry;
