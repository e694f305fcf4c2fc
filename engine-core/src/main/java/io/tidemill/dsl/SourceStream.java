package io.tidemill.dsl;

import io.tidemill.connector.EventTime;
import io.tidemill.connector.Source;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.Role;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A stream as it comes from its source: event time is given here, before anything else. */
public final class SourceStream<T> extends Stream<T> {
  private final Source<T> source;

  SourceStream(Pipeline pipeline, String id, Source<T> source) {
    super(
        pipeline,
        pipeline.add(
            id,
            new Role.Reads(source, Optional.empty()),
            List.of(),
            Pipeline.codec(source.type(), id),
            "source of " + source.type().getName() + " in order of offset"));
    this.source = source;
  }

  /** Which instant a record belongs to. */
  @FunctionalInterface
  public interface TimeFunction<T> extends Function<T, Instant>, Serializable {}

  /**
   * Orders the records of each split by their time.
   *
   * @param time event time of a record
   * @param bound how much earlier than the latest record before it a record may be; one that is
   *     earlier still fails the job
   */
  public Stream<T> eventTime(TimeFunction<T> time, Duration bound) {
    return eventTime(time, bound, EventTime.Late.FAIL);
  }

  /**
   * As {@link #eventTime(TimeFunction, Duration)}, with a choice of what happens to late records.
   */
  public Stream<T> eventTime(TimeFunction<T> time, Duration bound, EventTime.Late late) {
    if (pipeline.isRead(index)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "eventTime of source "
              + pipeline.vertex(index).id()
              + " comes too late: give it before any other operator uses the stream");
    }
    if (bound.isNegative()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "eventTime of source "
              + pipeline.vertex(index).id()
              + " has a negative bound: expected at least 0, found "
              + bound);
    }
    EventTime<T> eventTime =
        new EventTime<>(record -> time.apply(record).toEpochMilli(), bound.toMillis(), late);
    pipeline.replace(
        index,
        new Role.Reads(source, Optional.of(eventTime)),
        "source of "
            + source.type().getName()
            + " by event time, bound "
            + bound
            + ", late "
            + late);
    return this;
  }
}
