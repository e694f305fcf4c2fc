package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.Executable;
import io.tidemill.program.ParameterLayout;
import java.util.List;
import java.util.Optional;

/**
 * Where the things of a gang lie in its memory; a function of the training and the ranks.
 *
 * <pre>
 * control   +-------------------------------+
 *   0       | stop                          |  a line of 64 bytes, written by the first rank
 *   64      | log: length, sealed, trimmed  |  a line, written by the sequencer
 *   128     | over                          |  a line, written by the leading process
 *   192     | rank 0: its steps             |  a line, written by those who work the rank
 *           |         its place             |  a line, written by the leading process
 *           |         its process           |  a line, written by the process that works the rank
 *           |         its failure           |  2 KiB, likewise
 *           | rank 1 ...                    |
 *           | loss of each shard            |  float
 *           | squares of each chunk         |  double
 *           | rows touched, of even steps   |  a bit each
 *           | rows touched, of odd steps    |
 *           | segments done, of each shard  |  long each; nothing where shards are not cut
 * floats    +-------------------------------+  page
 *           | gradients of each shard       |  each the whole arena of parameters, and a page
 *           | parameters of all ranks       |
 *           | each moment                   |  of which every rank has its slice
 *           | values of each run            |  of shards that are cut
 *           +-------------------------------+
 * </pre>
 *
 * <p>Numbers are in the byte order of the host, which all who map the memory share.
 *
 * @param units of a shard that is cut, see {@link ShardUnits}; 0 where none is
 * @param runs of cut shards that may be under way at the same time
 * @param runBytes of the values of one
 */
record GangLayout(
    int ranks,
    int shards,
    int moments,
    long arenaFloats,
    int chunks,
    long touchedBytes,
    int units,
    int runs,
    long runBytes) {
  static final long LINE = 64;
  static final long FAILURE_BYTES = 2048;
  private static final long PAGE = 4096;
  private static final long RANKS = 3 * LINE;
  private static final long FAILURE = 4 * LINE;
  private static final long RANK_BYTES = FAILURE + FAILURE_BYTES;

  static GangLayout of(Training<?> training, Device device, int ranks) {
    ParameterLayout layout = training.network().layout();
    Optional<Executable> cut =
        training.isCut() ? Optional.of(training.compile(device)) : Optional.empty();
    return new GangLayout(
        ranks,
        training.shards(),
        training.optimizer().moments(),
        layout.floats(),
        ArenaCut.of(layout, training.optimizer()).chunks(),
        TouchedRows.bytes(layout),
        cut.map(ShardUnits::of).orElse(0),
        cut.isPresent() ? ShardUnits.runs(training, ranks) : 0,
        cut.map(Executable::peakBytes).orElse(0L));
  }

  long stop() {
    return 0;
  }

  long log() {
    return LINE;
  }

  long over() {
    return 2 * LINE;
  }

  /** What a rank has done; the next rank's is {@link #rankStride} behind. */
  long steps() {
    return RANKS;
  }

  /** Where the leading process has put a rank. */
  long place() {
    return RANKS + LINE;
  }

  /** Who works a rank. */
  long process() {
    return RANKS + 2 * LINE;
  }

  /** Who does what of a rank's phase, see {@link PhaseUnits}. */
  long claims() {
    return RANKS + 3 * LINE;
  }

  long contributed(int rank) {
    return word(steps(), 0, rank);
  }

  long summed(int rank) {
    return word(steps(), 1, rank);
  }

  long updated(int rank) {
    return word(steps(), 2, rank);
  }

  long stood(int rank) {
    return word(steps(), 3, rank);
  }

  long passed(int rank) {
    return word(place(), 4, rank);
  }

  long pid(int rank) {
    return word(process(), 0, rank);
  }

  long beats(int rank) {
    return word(process(), 1, rank);
  }

  /** Bytes of {@link #failure}. */
  long failed(int rank) {
    return word(process(), 2, rank);
  }

  /** What {@link Gang#open} writes of a rank, in an order in which the last word opens it. */
  List<Long> beginning(int rank) {
    return List.of(
        contributed(rank),
        summed(rank),
        updated(rank),
        stood(rank),
        passed(rank),
        word(place(), 1, rank),
        word(place(), 2, rank),
        word(place(), 3, rank),
        word(place(), 0, rank));
  }

  private static long word(long line, int word, int rank) {
    return line + (long) word * Long.BYTES + rank * RANK_BYTES;
  }

  /** Why a rank cannot go on. */
  long failure(int rank) {
    return RANKS + rank * RANK_BYTES + FAILURE;
  }

  static long rankStride() {
    return RANK_BYTES;
  }

  long losses() {
    return RANKS + ranks * RANK_BYTES;
  }

  long loss(int shard) {
    return losses() + (long) shard * Float.BYTES;
  }

  long squares() {
    return up(losses() + (long) shards * Float.BYTES, LINE);
  }

  long square(int chunk) {
    return squares() + (long) chunk * Double.BYTES;
  }

  /** The touched rows of steps with an even or an odd number. */
  long touched(int parity) {
    return up(squares() + (long) chunks * Double.BYTES, LINE) + parity * up(touchedBytes, LINE);
  }

  /** How far a unit of a shard is: the steps in which it was done. */
  long unitDone(int shard, int unit) {
    return touched(2) + ((long) shard * units + unit) * Long.BYTES;
  }

  long controlBytes() {
    return up(unitDone(shards, 0), PAGE);
  }

  /** From the beginning of the control part. */
  long gradients(int shard) {
    return controlBytes() + shard * bufferStride();
  }

  long parameters() {
    return gradients(shards);
  }

  long moment(int index) {
    return parameters() + (1 + index) * bufferStride();
  }

  long run(int index) {
    return moment(moments) + index * up(runBytes, PAGE);
  }

  /** Of everything. */
  long bytes() {
    return run(runs);
  }

  private long bufferStride() {
    return up(arenaFloats * Float.BYTES, PAGE);
  }

  private static long up(long bytes, long alignment) {
    return Math.ceilDiv(bytes, alignment) * alignment;
  }
}
