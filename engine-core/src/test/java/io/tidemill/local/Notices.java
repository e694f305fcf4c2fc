package io.tidemill.local;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a job tells its user. Confined to the thread that runs the job. */
final class Notices implements JobListener {
  private final List<String> sentences = new ArrayList<>();

  @Override
  public void notice(String sentence) {
    sentences.add(sentence);
  }

  List<String> sentences() {
    return sentences;
  }
}
