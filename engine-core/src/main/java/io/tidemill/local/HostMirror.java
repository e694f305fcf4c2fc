package io.tidemill.local;

import io.tidemill.task.Reports;
import io.tidemill.task.WorkerThread;
import io.tidemill.train.GangMirror;
import java.util.List;

/** A mirror of a gang and the thread that runs it; sends the last news when it is closed. */
final class HostMirror implements AutoCloseable {
  private final GangMirror mirror;
  private final WorkerThread thread;

  HostMirror(GangMirror mirror, Reports reports) {
    this.mirror = mirror;
    this.thread = new WorkerThread("mirror-" + mirror.id().vertex(), List.of(mirror), reports);
  }

  void start() {
    thread.start();
  }

  /** Idempotent. */
  @Override
  public void close() {
    thread.close();
    mirror.close();
  }
}
