package io.tidemill.checkpoint;

import io.tidemill.codec.KeyGroupRange;
import io.tidemill.storage.FileSeal;

/**
 * One file of a checkpoint, as the manifest lists it.
 *
 * @param vertex id of the operator
 * @param subtask which parallel instance wrote it
 * @param kind what it holds, in the operator's words: {@code state}, {@code weights}, {@code
 *     moments}
 * @param file its name in the checkpoint's folder
 * @param seal its length and checksum
 * @param keyGroups the key groups it holds; all of them where it is not keyed
 */
public record Part(
    String vertex, int subtask, String kind, String file, FileSeal seal, KeyGroupRange keyGroups) {}
