package io.tidemill.program;

import java.util.List;
import java.util.Set;

/**
 * Instructions [from, to) of a {@linkplain Segments shared program}: what one worker does at a
 * stretch.
 *
 * @param place which worker, counted from 0
 * @param level how often a value has to change its place before the segment can begin
 * @param isUrgent whether other segments wait for it; gradients of weights seldom are waited for
 * @param after numbers of the segments that must be done before; all less than its own
 * @param gives names of the outputs, and of the parameters whose gradients, it computes
 */
public record Segment(
    int place,
    int level,
    boolean isUrgent,
    int from,
    int to,
    List<Integer> after,
    Set<String> gives) {
  public Segment {
    after = List.copyOf(after);
    gives = Set.copyOf(gives);
  }
}
