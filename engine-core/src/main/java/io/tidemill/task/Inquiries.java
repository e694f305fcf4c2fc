package io.tidemill.task;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Questions that other threads have for the operators of a task: answered by the task's own thread
 * between two records, and by whoever asks once no thread runs the task any more.
 */
final class Inquiries {
  private static final int SLICE = 64;

  private final Queue<Runnable> asked = new ConcurrentLinkedQueue<>();
  private boolean isOver;

  /** Any thread; {@code question} does not throw. */
  synchronized void ask(Runnable question) {
    if (isOver) {
      question.run();
    } else {
      asked.add(question);
    }
  }

  /** Answers some of what was asked, on the task's thread; says how many. */
  int answer() {
    int answered = 0;
    for (Runnable question; answered < SLICE && (question = asked.poll()) != null; answered++) {
      question.run();
    }
    return answered;
  }

  /** The task has no thread from now on. */
  synchronized void end() {
    isOver = true;
    for (Runnable question; (question = asked.poll()) != null; ) {
      question.run();
    }
  }
}
