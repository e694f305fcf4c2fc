package io.tidemill.cluster.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.JobSpec;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.cluster.message.HeadAnswer.JobView;
import io.tidemill.cluster.message.HeadAnswer.Overview;
import io.tidemill.cluster.node.HeadClient.MemberView;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The bodies of {@code /api}: a contract, design section 13. */
final class ApiJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> FIELDS = Set.of("pipeline", "params", "seed", "workers");

  private ApiJson() {}

  /** What a request asks to run; unknown fields are refused, so that none is silently lost. */
  static JobSpec spec(byte[] body) {
    try {
      JsonNode json = MAPPER.readTree(body);
      if (json == null || !json.isObject()) {
        throw malformed("expected an object like {\"pipeline\": \"digits\"}");
      }
      for (Map.Entry<String, JsonNode> field : json.properties()) {
        if (!FIELDS.contains(field.getKey())) {
          throw malformed(
              "unknown field \"%s\"; expected %s"
                  .formatted(
                      field.getKey(), FIELDS.stream().sorted().collect(Collectors.joining(", "))));
        }
      }
      if (!json.path("pipeline").isTextual()) {
        throw malformed("\"pipeline\" has to be a string");
      }
      return new JobSpec(
          json.path("pipeline").textValue(),
          params(json.path("params")),
          whole(json, "seed", 1),
          json.has("workers") ? atLeastOne(whole(json, "workers", 1)) : JobOptions.AS_DECLARED);
    } catch (JsonProcessingException e) {
      throw malformed("it is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw malformed(e.toString());
    }
  }

  private static int atLeastOne(long workers) {
    if (workers < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "workers has to be at least 1, is " + workers);
    }
    return (int) Math.min(workers, Integer.MAX_VALUE);
  }

  /** The number of workers that a request asks for. */
  static int workers(byte[] body) {
    try {
      JsonNode json = MAPPER.readTree(body);
      if (json == null || !json.path("workers").isInt()) {
        throw malformed("expected an object like {\"workers\": 2}");
      }
      return json.path("workers").intValue();
    } catch (IOException e) {
      throw malformed("it is not JSON");
    }
  }

  /** The checkpoint that a resumed job is to go on from; empty for its newest. */
  static OptionalLong from(byte[] body) {
    try {
      JsonNode json = MAPPER.readTree(body);
      boolean isAbsent = json == null || json.isMissingNode() || json.path("from").isMissingNode();
      return isAbsent ? OptionalLong.empty() : OptionalLong.of(whole(json, "from", 0));
    } catch (IOException e) {
      throw malformed("it is not JSON");
    }
  }

  /** {@code workers} are those that the head knows, for their names. */
  static ObjectNode job(JobView view, List<WorkerInfo> workers) {
    Job job = view.job();
    ObjectNode json = MAPPER.createObjectNode();
    json.put("id", job.id());
    json.put("state", job.status().name());
    json.put("reason", job.reason().isEmpty() ? null : job.reason());
    json.put("lastFailure", job.lastFailure().isEmpty() ? null : job.lastFailure());
    json.put("pipeline", job.spec().pipeline());
    ObjectNode params = json.putObject("params");
    job.spec().params().forEach(params::put);
    json.put("seed", job.spec().seed());
    json.put("workers", job.spec().workers());
    json.put("hosts", job.hosts());
    ArrayNode placement = json.putArray("placement");
    job.placement().forEach(id -> placement.add(name(id, workers)));
    json.put("fingerprint", job.fingerprint());
    json.put("submitted", job.submitted().toString());
    json.put("attempt", job.attempt());
    json.put("restarts", job.restarts());
    json.set("progress", view.live().<JsonNode>map(live -> progress(live.progress())).orElse(null));
    json.set("report", report(job));
    return json;
  }

  static ArrayNode jobs(Overview overview) {
    ArrayNode array = MAPPER.createArrayNode();
    overview.jobs().forEach(view -> array.add(job(view, overview.workers())));
    return array;
  }

  /** {@code own} is the address of the node that answers, whose process is this one. */
  static ObjectNode cluster(Overview overview, List<MemberView> members, String own) {
    Map<String, WorkerInfo> workers = new TreeMap<>();
    overview.workers().forEach(worker -> workers.put(worker.address(), worker));
    ObjectNode json = MAPPER.createObjectNode();
    json.put("epoch", overview.epoch());
    json.put("refusedMessages", overview.refused());
    ArrayNode array = json.putArray("members");
    for (MemberView member : members) {
      Optional<WorkerInfo> worker = Optional.ofNullable(workers.get(member.address()));
      ObjectNode node = array.addObject();
      node.put("id", worker.map(WorkerInfo::name).orElse(member.role() + "-" + member.address()));
      node.put("role", member.role());
      node.put("address", member.address());
      node.put(
          "pid",
          worker
              .map(found -> Long.valueOf(found.process().pid()))
              .orElse(member.address().equals(own) ? ProcessHandle.current().pid() : null));
      node.put("status", member.status());
      node.put("slots", worker.map(WorkerInfo::slots).orElse(0));
      ArrayNode devices = node.putArray("devices");
      worker.ifPresent(found -> found.devices().forEach(devices::add));
    }
    return json;
  }

  static byte[] bytes(JsonNode json) {
    try {
      return MAPPER.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] bytes(Object value) {
    return bytes(MAPPER.<JsonNode>valueToTree(value));
  }

  /** What people call the worker. */
  static String name(String id, List<WorkerInfo> workers) {
    return workers.stream()
        .filter(worker -> worker.id().equals(id))
        .map(WorkerInfo::name)
        .findFirst()
        .orElse(id);
  }

  private static ObjectNode progress(AttemptStatus.Reached live) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("step", live.step());
    json.put("totalSteps", live.totalSteps() < 0 ? null : Long.valueOf(live.totalSteps()));
    json.put("samples", live.samples());
    json.put("samplesPerSecond", live.samplesPerSecond());
    json.put("loss", Double.isFinite(live.loss()) ? live.loss() : null);
    return json;
  }

  private static JsonNode report(Job job) {
    try {
      return job.report().isEmpty() ? MAPPER.nullNode() : MAPPER.readTree(job.report());
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, "the report of job " + job.id() + " is not JSON", e);
    }
  }

  private static Map<String, String> params(JsonNode json) {
    Map<String, String> params = new TreeMap<>();
    if (!json.isMissingNode() && !json.isObject()) {
      throw malformed("\"params\" has to be an object of strings");
    }
    json.properties()
        .forEach(
            field -> {
              if (!field.getValue().isValueNode()) {
                throw malformed("parameter \"" + field.getKey() + "\" has to be a string");
              }
              params.put(field.getKey(), field.getValue().asText());
            });
    return params;
  }

  private static long whole(JsonNode json, String field, long otherwise) {
    JsonNode value = json.path(field);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.canConvertToExactIntegral() || !value.canConvertToLong()) {
      throw malformed("\"" + field + "\" has to be a whole number");
    }
    return value.longValue();
  }

  private static EngineException malformed(String why) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, "the request cannot be read: " + why);
  }
}
