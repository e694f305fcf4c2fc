package io.tidemill.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Hosts of a test: network namespaces that are joined by a bridge, in a namespace of its own, which
 * can be slow, lossy, and cut. This process is on it too.
 *
 * <p>Needs root and {@code ip} and {@code tc} of iproute2.
 */
final class Network implements AutoCloseable {
  private static final String SUBNET = "10.77.0.";
  private static final int SELF = 254;

  private final String name = "tm" + ProcessHandle.current().pid();
  private final List<String> hosts = new ArrayList<>();
  private final List<String> weather = new ArrayList<>();

  /** Why there can be none here. */
  static Optional<String> impossible() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("network namespaces need root");
    }
    try {
      String probe = "tmprobe" + ProcessHandle.current().pid();
      run("ip", "netns", "add", probe);
      run("ip", "netns", "del", probe);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("network namespaces cannot be made here: " + e.getMessage());
    }
  }

  Network() throws IOException {
    run("ip", "netns", "add", bridge());
    in(bridge(), "ip", "link", "add", "br0", "type", "bridge");
    in(bridge(), "ip", "link", "set", "br0", "up");
    run("ip", "link", "add", name, "type", "veth", "peer", "name", "self", "netns", bridge());
    in(bridge(), "ip", "link", "set", "self", "master", "br0", "up");
    run("ip", "address", "add", SUBNET + SELF + "/24", "dev", name);
    run("ip", "link", "set", name, "up");
  }

  /** Adds a host; the first has number 1. */
  int addHost() throws IOException {
    int number = hosts.size() + 1;
    String host = name + "h" + number;
    hosts.add(host);
    run("ip", "netns", "add", host);
    run(
        "ip",
        "link",
        "add",
        "eth0",
        "netns",
        host,
        "type",
        "veth",
        "peer",
        "name",
        "p" + number,
        "netns",
        bridge());
    in(bridge(), "ip", "link", "set", "p" + number, "master", "br0", "up");
    in(host, "ip", "address", "add", address(number) + "/24", "dev", "eth0");
    in(host, "ip", "link", "set", "lo", "up");
    in(host, "ip", "link", "set", "eth0", "up");
    return number;
  }

  String address(int host) {
    return SUBNET + host;
  }

  /** Has a command run on a host. */
  List<String> on(int host, List<String> command) {
    List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", hosts.get(host - 1)));
    there.addAll(command);
    return there;
  }

  /**
   * Delays and loses what goes to and from a host: by {@code netem} where this kernel has it, else
   * by a short queue before a narrow way, which also does both.
   *
   * @return how, in words
   */
  String spoil(int host) throws IOException {
    String[] worse = {"netem", "delay", "1ms", "500us", "loss", "0.5%"};
    String[] narrow = {"tbf", "rate", "400mbit", "burst", "16kb", "limit", "24kb"};
    for (String[] kind : List.of(worse, narrow)) {
      try {
        shape(hosts.get(host - 1), "eth0", kind);
        shape(bridge(), "p" + host, kind);
        weather.add(String.join(" ", kind));
        return weather.getLast();
      } catch (IOException e) {
        // This kernel does not know the kind.
      }
    }
    throw new IOException("neither netem nor tbf is in this kernel");
  }

  /** Packets that were dropped on the way to a host or from it. */
  long dropped(int host) throws IOException {
    return droppedBefore(bridge(), "p" + host) + droppedBefore(hosts.get(host - 1), "eth0");
  }

  private static long droppedBefore(String namespace, String device) throws IOException {
    String said = in(namespace, "tc", "-s", "qdisc", "show", "dev", device);
    return Long.parseLong(said.replaceFirst("(?s).*dropped (\\d+).*", "$1"));
  }

  /** Nothing goes to or from a host any more. */
  void cut(int host) throws IOException {
    in(bridge(), "ip", "link", "set", "p" + host, "down");
  }

  void heal(int host) throws IOException {
    in(bridge(), "ip", "link", "set", "p" + host, "up");
  }

  @Override
  public void close() throws IOException {
    for (String host : hosts) {
      run("ip", "netns", "del", host);
    }
    run("ip", "link", "del", name);
    run("ip", "netns", "del", bridge());
  }

  private String bridge() {
    return name + "br";
  }

  private static void shape(String namespace, String device, String[] kind) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("tc", "qdisc", "replace", "dev", device, "root"));
    command.addAll(List.of(kind));
    in(namespace, command.toArray(String[]::new));
  }

  private static String in(String namespace, String... command) throws IOException {
    List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    there.addAll(List.of(command));
    return run(there.toArray(String[]::new));
  }

  private static String run(String... command) throws IOException {
    Path said = Files.createTempFile("network", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      int exit = process.waitFor();
      String text = Files.readString(said, StandardCharsets.UTF_8);
      if (exit != 0) {
        throw new IOException(String.join(" ", command) + ": " + text.strip());
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      Files.delete(said);
    }
  }
}
