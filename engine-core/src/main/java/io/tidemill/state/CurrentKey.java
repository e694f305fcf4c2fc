package io.tidemill.state;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** The key that the handles of one store read and write under; its store's thread owns it. */
final class CurrentKey {
  private final String where;
  private Object key;

  CurrentKey(String where) {
    this.where = where;
  }

  void select(Object selected) {
    key = selected;
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
