package io.tidemill.cli;

import io.tidemill.dsl.Params;
import io.tidemill.local.JobOptions;

/** What {@code run} was asked for, complete. */
record JobRequest(Params params, JobOptions options) {}
