package io.tidemill.state;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** The key that the handles of one store read and write under; its store's thread owns it. */
final class CurrentKey {
  private final String where;
  private Object key;
  private long selections;
  private boolean isTrial;

  CurrentKey(String where) {
    this.where = where;
  }

  void select(Object selected) {
    key = selected;
    selections++;
  }

  /** From now on nothing that is written stays, until {@link #endTrial}. */
  void beginTrial(Object selected) {
    select(selected);
    isTrial = true;
  }

  void endTrial() {
    select(null);
    isTrial = false;
  }

  boolean isTrial() {
    return isTrial;
  }

  /** Grows with each selection, so that what was looked up for a key can be kept until the next. */
  long selections() {
    return selections;
  }

  Object key() {
    if (key == null) {
      throw new EngineException(
          ErrorCode.USER_CODE,
          where + ": keyed state is reachable only while a record or timer is processed");
    }
    return key;
  }
}
