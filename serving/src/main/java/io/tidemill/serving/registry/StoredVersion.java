package io.tidemill.serving.registry;

/**
 * A version in the store, for lists.
 *
 * @param isLoaded whether it answers
 * @param reason why it does not; empty where it does
 */
public record StoredVersion(String model, String version, boolean isLoaded, String reason) {}
