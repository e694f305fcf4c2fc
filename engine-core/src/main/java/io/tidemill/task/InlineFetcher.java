package io.tidemill.task;

import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.util.function.Supplier;

/** Reads when polled, on the calling thread. What was read before a failure comes first. */
public final class InlineFetcher implements Fetcher {
  private final int batchRecords;
  private final Supplier<SplitReader<?>> opener;
  private SplitReader<?> reader;
  private RuntimeException failure;

  /**
   * @param batchRecords records of a batch
   * @param opener opens the split where reading has to begin; called at the first poll
   */
  public InlineFetcher(int batchRecords, Supplier<SplitReader<?>> opener) {
    this.batchRecords = batchRecords;
    this.opener = opener;
  }

  @Override
  public Batch poll() {
    if (failure != null) {
      throw failure;
    }
    if (reader == null) {
      reader = opener.get();
    }
    Object[] records = new Object[batchRecords];
    int count = 0;
    try {
      while (count < batchRecords) {
        if (!reader.advance()) {
          return new Batch(records, count, true);
        }
        records[count++] = reader.current();
      }
    } catch (IOException e) {
      failure = new EngineException(ErrorCode.RESOURCE, "a source could not be read: " + e, e);
    } catch (RuntimeException e) {
      failure = e;
    }
    if (failure != null && count == 0) {
      throw failure;
    }
    return new Batch(records, count, false);
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
