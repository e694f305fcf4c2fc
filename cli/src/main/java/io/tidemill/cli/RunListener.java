package io.tidemill.cli;

import io.tidemill.cli.progress.ProgressView;
import io.tidemill.cli.serve.ModelServer;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobReport;
import java.util.Optional;

/** Passes what a job says on to the screen and to the server. */
record RunListener(ProgressView view, Optional<ModelServer> server) implements JobListener {
  @Override
  public void progress(Progress progress) {
    view.show(progress);
  }

  @Override
  public void notice(String sentence) {
    view.tell(sentence);
  }

  @Override
  public void published(JobReport.PublishedModel model) {
    server.ifPresent(ModelServer::lookNow);
  }
}
