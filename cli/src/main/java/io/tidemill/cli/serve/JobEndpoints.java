package io.tidemill.cli.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.FeatureEndpoint;
import io.tidemill.local.LocalJob;
import io.tidemill.serving.http.PipelineRoutes;

/** The record endpoints of the one job of this process. */
public record JobEndpoints(LocalJob job) implements PipelineRoutes.Endpoints {
  @Override
  public FeatureEndpoint find(String jobName, String name) {
    if (!jobName.equals(job.name())) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "unknown job: expected %s, which runs here, found %s".formatted(job.name(), jobName));
    }
    return job.endpoint(name);
  }
}
