package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Which process works which rank of a gang, whether it still does, and what made it fail.
 *
 * <p>Rank 0 is that of the leading process. Each process writes about itself, the leading process
 * says when all is over; any thread reads.
 */
public final class Roster {
  /** In place of a process number: that of a process of another host means nothing here. */
  static final long ELSEWHERE = -1;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment control;
  private final GangLayout layout;
  private final RankCounters pids;
  private final RankCounters beats;

  /** Bytes of the code and the sentence of a rank's failure; 0 where it has not failed. */
  private final RankCounters failures;

  Roster(MemorySegment control, GangLayout layout) {
    this.control = control;
    this.layout = layout;
    this.pids = new RankCounters(control, layout.process(), layout.ranks());
    this.beats = new RankCounters(control, layout.process() + Long.BYTES, layout.ranks());
    this.failures = new RankCounters(control, layout.process() + 2 * Long.BYTES, layout.ranks());
  }

  public int ranks() {
    return layout.ranks();
  }

  /**
   * Has a process work a rank from now on.
   *
   * @return the process that works it: another one where it came first
   */
  public long join(int rank, long pid) {
    return pids.claim(rank, pid);
  }

  /** The process that works a rank; 0 where none has joined, below 0 on another host. */
  public long pid(int rank) {
    return pids.get(rank);
  }

  /** Says that the process of a rank is alive; one thread of it. */
  public void beat(int rank) {
    beats.set(rank, beats.get(rank) + 1);
  }

  /** How often the process of a rank has beaten. */
  public long beats(int rank) {
    return beats.get(rank);
  }

  /** Says why a rank cannot go on; once. */
  public void fail(int rank, EngineException cause) {
    byte[] text = (cause.code() + " " + cause.getMessage()).getBytes(StandardCharsets.UTF_8);
    int bytes = (int) Math.min(text.length, GangLayout.FAILURE_BYTES);
    MemorySegment.copy(text, 0, failureOf(rank), ValueLayout.JAVA_BYTE, 0, bytes);
    failures.set(rank, bytes); // behind the text
  }

  /** Why a rank cannot go on. */
  public Optional<EngineException> failure(int rank) {
    byte[] text = new byte[(int) failures.get(rank)];
    if (text.length == 0) {
      return Optional.empty();
    }
    MemorySegment.copy(failureOf(rank), ValueLayout.JAVA_BYTE, 0, text, 0, text.length);
    String[] words = new String(text, StandardCharsets.UTF_8).split(" ", 2);
    return Optional.of(new EngineException(ErrorCode.valueOf(words[0]), words[1]));
  }

  /** Sends every process home. */
  public void end() {
    WORD.setVolatile(control, layout.over(), 1L);
  }

  /** Whether there is nothing left to do in this memory. */
  public boolean isOver() {
    return (long) WORD.getVolatile(control, layout.over()) != 0;
  }

  private MemorySegment failureOf(int rank) {
    return control.asSlice(layout.failure(rank), GangLayout.FAILURE_BYTES);
  }
}
