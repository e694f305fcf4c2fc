package io.tidemill.serving.registry;

import io.tidemill.serving.batch.BatchQueue;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.metrics.ModelMeters;
import io.tidemill.serving.protocol.AnswerHead;
import io.tidemill.tensor.NamedTensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model version in memory, ready to answer.
 *
 * <p>Counted references: the registry holds one while the version is listed, each request one while
 * it runs. Whoever returns the last one frees the memory. Any thread.
 */
public final class LoadedModel {
  private final String name;
  private final int version;
  private final String platform;
  private final CallSignature signature;
  private final Map<String, Object> lineage;
  private final AnswerHead answerHead;
  private final List<String> labels;
  private final BatchQueue queue;
  private final ModelMeters meters;
  private final RecentCalls recent;
  private final AtomicInteger references = new AtomicInteger(1);

  LoadedModel(
      String name,
      int version,
      String platform,
      CallSignature signature,
      Map<String, Object> lineage,
      List<String> labels,
      BatchQueue queue,
      ModelMeters meters,
      RecentCalls recent) {
    this.name = name;
    this.version = version;
    this.platform = platform;
    this.signature = signature;
    this.lineage = Collections.unmodifiableMap(new LinkedHashMap<>(lineage));
    this.answerHead = new AnswerHead(name, String.valueOf(version), this.lineage);
    this.labels = List.copyOf(labels);
    this.queue = queue;
    this.meters = meters;
    this.recent = recent;
  }

  public String name() {
    return name;
  }

  public int version() {
    return version;
  }

  /** What computes it, as metadata calls it: {@code tidemill} or {@code onnxruntime_onnx}. */
  public String platform() {
    return platform;
  }

  public CallSignature signature() {
    return signature;
  }

  /**
   * Where the weights came from, as answers tell it: job, checkpoint, step, sources; or the file.
   */
  public Map<String, Object> lineage() {
    return lineage;
  }

  /** Names of the classes, or tokens, by position; empty where it was published without. */
  public List<String> labels() {
    return labels;
  }

  /** What its answers begin with. */
  public AnswerHead answerHead() {
    return answerHead;
  }

  public BatchQueue queue() {
    return queue;
  }

  public ModelMeters meters() {
    return meters;
  }

  /** It has answered this; kept for a while, so not to be changed. */
  public void answered(List<NamedTensor> inputs) {
    recent.add(signature, inputs);
  }

  /** Returns a reference that {@link ModelRegistry#acquire} gave; exactly once for each. */
  public void release() {
    if (references.decrementAndGet() == 0) {
      queue.close();
      meters.close();
    }
  }

  /** Takes a reference; false where the last one has been returned already. */
  boolean retain() {
    int count = references.get();
    while (count > 0) {
      if (references.compareAndSet(count, count + 1)) {
        return true;
      }
      count = references.get();
    }
    return false;
  }
}
