package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.StatePart;
import io.tidemill.storage.FileContent;
import io.tidemill.task.TaskReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns reports of tasks into letters, and back on the leading worker. */
final class ReportLetters {
  private ReportLetters() {}

  static Letter toLetter(TaskReport report) {
    return switch (report) {
      case TaskReport.Snapshot snapshot ->
          new Letter.Captured(snapshot.task(), snapshot.checkpoint(), captured(snapshot.parts()));
      case TaskReport.Complete complete -> new Letter.Complete(complete.task());
      case TaskReport.Measured measured -> new Letter.Measured(measured.task(), measured.metrics());
      case TaskReport.Presented shown ->
          new Letter.Presented(shown.task(), shown.name(), shown.text());
      case TaskReport.Failed failed -> {
        EngineException cause = JobMaster.sentence(failed);
        yield new Letter.Failed(failed.task(), cause.code(), cause.getMessage());
      }
      case TaskReport.FirstStep _, TaskReport.Trained _, TaskReport.CheckpointDue _ ->
          throw new EngineException(ErrorCode.INTERNAL, "a training reports to its own worker");
    };
  }

  static TaskReport toReport(Letter.Captured captured) {
    Map<String, List<StatePart>> parts = new LinkedHashMap<>();
    for (Letter.CapturedPart part : captured.parts()) {
      FileContent content = FileContent.of(ByteBuffer.wrap(part.bytes()).asReadOnlyBuffer());
      parts
          .computeIfAbsent(part.vertex(), _ -> new ArrayList<>())
          .add(new StatePart(part.kind(), part.format(), content));
    }
    return new TaskReport.Snapshot(captured.task(), captured.checkpoint(), parts);
  }

  private static List<Letter.CapturedPart> captured(Map<String, List<StatePart>> parts) {
    List<Letter.CapturedPart> all = new ArrayList<>();
    parts.forEach(
        (vertex, ofVertex) ->
            ofVertex.forEach(
                part ->
                    all.add(
                        new Letter.CapturedPart(
                            vertex, part.kind(), part.format(), bytes(part.content())))));
    return all;
  }

  private static byte[] bytes(FileContent content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (WritableByteChannel channel = Channels.newChannel(bytes)) {
      content.writeTo(channel);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.INTERNAL, "memory could not be written: " + e, e);
    }
    return bytes.toByteArray();
  }
}
