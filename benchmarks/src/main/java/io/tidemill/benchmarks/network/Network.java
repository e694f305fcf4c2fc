package io.tidemill.benchmarks.network;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hosts on this machine: network namespaces that are joined by a bridge, in a namespace of its own,
 * which can be slow, lossy, and cut. This process is on it too.
 *
 * <p>Needs root and {@code ip} and {@code tc} of iproute2. A network goes with {@link #close}, with
 * the end of this process, or, where that was killed, with the next network that somebody makes.
 * Confined to one thread.
 */
public final class Network implements AutoCloseable {
  private static final int SELF = 254;
  private static final Pattern NAME = Pattern.compile("(?m)^(tm(\\d+))(?:br|h\\d+)?\\b");

  private final String name = "tm" + ProcessHandle.current().pid();
  private final String subnet;
  private final Thread end = new Thread(this::removeQuietly);
  private final List<String> hosts = new ArrayList<>();

  /** Why there can be none here. */
  public static Optional<String> impossible() {
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

  /** Makes one without hosts. */
  public Network() throws IOException {
    removeThoseOfTheDead();
    subnet = freeSubnet();
    Runtime.getRuntime().addShutdownHook(end);
    run("ip", "netns", "add", bridge());
    in(bridge(), "ip", "link", "add", "br0", "type", "bridge");
    in(bridge(), "ip", "link", "set", "br0", "up");
    run("ip", "link", "add", name, "type", "veth", "peer", "name", "self", "netns", bridge());
    in(bridge(), "ip", "link", "set", "self", "master", "br0", "up");
    run("ip", "address", "add", subnet + SELF + "/24", "dev", name);
    run("ip", "link", "set", name, "up");
  }

  /** Adds a host; the first has number 1. */
  public int addHost() throws IOException {
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

  /** Where the others reach a host. */
  public String address(int host) {
    return subnet + host;
  }

  /** Has a command run on a host. */
  public List<String> on(int host, List<String> command) {
    List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", hosts.get(host - 1)));
    there.addAll(command);
    return there;
  }

  /**
   * Delays and loses what goes to and from a host: by {@code netem} where this kernel has it, else
   * by a narrow way, before which a filter takes a packet of 200 by lot.
   *
   * @return how, in words
   */
  public String spoil(int host) throws IOException {
    try {
      return spoil(host, Network::addWeather);
    } catch (IOException e) {
      return spoil(host, Network::addNarrowWayWithHoles);
    }
  }

  private String spoil(int host, Spoiling spoiling) throws IOException {
    spoiling.add(hosts.get(host - 1), "eth0");
    return spoiling.add(bridge(), "p" + host);
  }

  /** Something that spoils a device, and says how. */
  private interface Spoiling {
    String add(String namespace, String device) throws IOException;
  }

  private static String addWeather(String namespace, String device) throws IOException {
    String how = "netem delay 1ms 500us loss 0.5%";
    in(namespace, ("tc qdisc replace dev " + device + " root " + how).split(" ", -1));
    return how;
  }

  /**
   * The filter is a program of the classic kind (Linux, {@code Documentation/networking/filter}):
   * it loads a random number, and matches where that is above a bound; what matches is sent to a
   * device that is down.
   */
  private static String addNarrowWayWithHoles(String namespace, String device) throws IOException {
    String how = "tbf rate 400mbit burst 16kb limit 24kb";
    String lot = "4,32 0 0 4294963256,53 0 1 " + (long) (0.995 * (1L << 32));
    String nowhere = device + "lost";
    in(namespace, ("tc qdisc replace dev " + device + " root " + how).split(" ", -1));
    in(namespace, "ip", "link", "add", nowhere, "type", "ifb");
    in(namespace, "tc", "qdisc", "add", "dev", device, "clsact");
    List<String> filter = new ArrayList<>(List.of("tc", "filter", "add", "dev", device, "egress"));
    filter.addAll(List.of("bpf", "bytecode", lot + ",6 0 0 4294967295,6 0 0 0"));
    filter.addAll(List.of("action", "mirred", "egress", "redirect", "dev", nowhere));
    in(namespace, filter.toArray(String[]::new));
    return how + ", 0.5% lost";
  }

  /** Packets that were dropped on the way to a host or from it. */
  public long dropped(int host) throws IOException {
    return droppedBefore(bridge(), "p" + host) + droppedBefore(hosts.get(host - 1), "eth0");
  }

  private static long droppedBefore(String namespace, String device) throws IOException {
    String queue = in(namespace, "tc", "-s", "qdisc", "show", "dev", device, "root");
    String filter = in(namespace, "tc", "-s", "filter", "show", "dev", device, "egress");
    return sum(queue, "dropped (\\d+)") + sum(filter, "Sent \\d+ bytes (\\d+) pkt");
  }

  private static long sum(String said, String number) {
    return Pattern.compile(number)
        .matcher(said)
        .results()
        .mapToLong(found -> Long.parseLong(found.group(1)))
        .sum();
  }

  /** Nothing goes to or from a host any more. */
  public void cut(int host) throws IOException {
    in(bridge(), "ip", "link", "set", "p" + host, "down");
  }

  /** What goes to or from a host arrives again. */
  public void heal(int host) throws IOException {
    in(bridge(), "ip", "link", "set", "p" + host, "up");
  }

  /** An interrupt does not keep it from being removed. */
  @Override
  public void close() throws IOException {
    boolean isInterrupted = Thread.interrupted();
    try {
      remove(name);
      Runtime.getRuntime().removeShutdownHook(end);
    } catch (IllegalStateException e) {
      // This process ends already.
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void removeQuietly() {
    try {
      remove(name);
    } catch (IOException e) {
      // The next network removes it.
    }
  }

  /** Two networks of one subnet: packets would take the way of the older, and come to nobody. */
  private static void removeThoseOfTheDead() throws IOException {
    for (MatchResult found : Stream.concat(devices(), namespaces()).toList()) {
      if (ProcessHandle.of(Long.parseLong(found.group(2))).isEmpty()) {
        remove(found.group(1));
      }
    }
  }

  private static void remove(String network) throws IOException {
    for (MatchResult found : devices().filter(is -> is.group(1).equals(network)).toList()) {
      run("ip", "link", "del", found.group());
    }
    for (MatchResult found : namespaces().filter(is -> is.group(1).equals(network)).toList()) {
      run("ip", "netns", "del", found.group());
    }
  }

  private static Stream<MatchResult> devices() throws IOException {
    return NAME.matcher(run("ip", "-brief", "link", "show")).results();
  }

  private static Stream<MatchResult> namespaces() throws IOException {
    return NAME.matcher(run("ip", "netns", "list")).results();
  }

  private static String freeSubnet() throws IOException {
    for (int third = 0; third < 256; third++) {
      String subnet = "10.77." + third + ".";
      if (run("ip", "route", "show", subnet + "0/24").isBlank()) {
        return subnet;
      }
    }
    throw new IOException("there is a way already to each of 10.77.0.0/16");
  }

  private String bridge() {
    return name + "br";
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
