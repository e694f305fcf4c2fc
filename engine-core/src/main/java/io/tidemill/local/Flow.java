package io.tidemill.local;

/**
 * What has gone along an edge between two tasks or more, in this attempt.
 *
 * <p>Read from the channels' own cursors, which costs those who use them nothing; so all numbers
 * are of about the same moment, and barriers count, one for each checkpoint and channel.
 *
 * @param records taken from its channels
 * @param waiting in its channels
 * @param capacity of its channels
 * @param fullest how full the fullest of them is: 1 holds the sender up
 */
public record Flow(long records, long waiting, long capacity, double fullest) {
  /** Nothing, in no channel. */
  static final Flow NONE = new Flow(0, 0, 0, 0);

  /** With another channel of the edge. */
  Flow and(long taken, long size, int most) {
    return new Flow(
        records + taken, waiting + size, capacity + most, Math.max(fullest, (double) size / most));
  }
}
