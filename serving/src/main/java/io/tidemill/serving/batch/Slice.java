package io.tidemill.serving.batch;

/** Rows of one request that ride in one batch. */
record Slice(Pending request, int firstRow, int rows) {
  boolean isFirst() {
    return firstRow == 0;
  }
}
