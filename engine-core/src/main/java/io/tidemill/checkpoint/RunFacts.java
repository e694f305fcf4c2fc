package io.tidemill.checkpoint;

/**
 * What does not change while a run goes on; a resumed run compares it with its own.
 *
 * @param engineVersion release of tidemill that wrote the checkpoint
 * @param graphFingerprint fingerprint of the pipeline's graph
 * @param seed seed of all random numbers
 * @param shards V, the shards of a training step; 0 where nothing is trained
 * @param globalBatch rows of a training step over all shards; 0 where nothing is trained
 * @param workers workers at the time; may differ after a resume
 * @param mode {@code strict} or {@code fast}
 */
public record RunFacts(
    String engineVersion,
    String graphFingerprint,
    long seed,
    int shards,
    int globalBatch,
    int workers,
    String mode) {}
