package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the processes of a gang have to agree on before they share memory.
 *
 * @param job its name
 * @param training the vertex of the pipeline that trains
 * @param generation of the job's attempt
 * @param hosts on which its ranks lie
 * @param pipeline fingerprint of the graph, parameters included
 * @param seed of the job
 * @param engine version of the engine
 * @param device what computes, in words: another kind has other bits
 */
public record GangIdentity(
    String job,
    String training,
    long generation,
    GangHosts hosts,
    String pipeline,
    long seed,
    String engine,
    String device) {

  /** The same for one training of the pipeline; it has at most as many ranks as shards. */
  public GangIdentity of(String vertex, Training<?> one) {
    GangHosts near = one.isCut() ? GangHosts.one(hosts.ranks().getFirst()) : hosts;
    GangHosts atMost = near.atMost(one.mostWorkers());
    return new GangIdentity(job, vertex, generation, atMost, pipeline, seed, engine, device);
  }

  /** Ranks of the gang. */
  public int ranks() {
    return hosts.allRanks();
  }

  /**
   * Refuses another identity.
   *
   * @param where what is being joined, for the sentence
   * @throws EngineException INVALID_ARGUMENT that names the first difference
   */
  void requireSame(GangIdentity found, String where) {
    Map<String, String> theirs = found.fields();
    fields()
        .forEach(
            (name, expected) -> {
              if (!expected.equals(theirs.get(name))) {
                throw new EngineException(
                    ErrorCode.INVALID_ARGUMENT,
                    "a process for job %s generation %d cannot join %s: expected %s %s, found %s"
                        .formatted(job, generation, where, name, expected, theirs.get(name)));
              }
            });
  }

  /** A line for each field. */
  public String encode() {
    StringBuilder lines = new StringBuilder();
    fields().forEach((name, value) -> lines.append(name).append('=').append(value).append('\n'));
    return lines.toString();
  }

  /** Reads what {@link #encode} wrote. */
  static GangIdentity decode(String lines) {
    Map<String, String> fields = new LinkedHashMap<>();
    lines
        .lines()
        .forEach(line -> fields.put(line.replaceFirst("=.*", ""), line.replaceFirst("[^=]*=", "")));
    return new GangIdentity(
        fields.get("job"),
        fields.get("training"),
        Long.parseLong(fields.get("generation")),
        GangHosts.parse(fields.get("hosts")),
        fields.get("pipeline"),
        Long.parseLong(fields.get("seed")),
        fields.get("engine"),
        fields.get("device"));
  }

  private Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("job", job);
    fields.put("generation", Long.toString(generation));
    fields.put("engine", engine);
    fields.put("pipeline", pipeline);
    fields.put("training", training);
    fields.put("seed", Long.toString(seed));
    fields.put("ranks", Integer.toString(ranks()));
    fields.put("hosts", hosts.toString());
    fields.put("device", device);
    return fields;
  }
}
