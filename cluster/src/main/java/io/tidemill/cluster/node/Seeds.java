package io.tidemill.cluster.node;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whom a head joins, and when it may found a cluster instead.
 *
 * <p>Heads that start at the same time must not found one each. Of those that know each other only
 * the one with the least address ever founds, and only when nobody has answered for a while; the
 * others wait for it, or for any member that is there.
 *
 * @param addresses {@code host:port}; the own one is the first where this node may found, and is
 *     left out where it may not
 * @param patienceMs how long nobody may have answered before it founds, or asks them again
 */
record Seeds(List<String> addresses, long patienceMs) {
  private static final long AGAIN_MS = 500;
  private static final long ALONE_MS = 500;
  private static final long AMONG_OTHERS_MS = 5_000;
  private static final long AFTER_OTHERS_MS = 10_000;

  Seeds {
    addresses = List.copyOf(addresses);
  }

  /**
   * Those of a head.
   *
   * @param joined whom it was told to join
   * @param before the members that it, or another head of this state directory, has seen last
   * @param decider the head that has decided a moment ago; while there may be another than this
   *     one, nobody founds: the network is cut, or the other is taking over
   */
  static Seeds of(
      String own, List<String> joined, List<KnownMembers.Known> before, Optional<String> decider) {
    TreeSet<String> heads = new TreeSet<>(Set.of(own));
    before.stream().filter(KnownMembers.Known::isHead).forEach(known -> heads.add(known.address()));
    if (before.isEmpty()) {
      heads.addAll(joined);
    }
    Set<String> others = new LinkedHashSet<>(joined);
    before.forEach(known -> others.add(known.address()));
    others.remove(own);
    List<String> addresses = new ArrayList<>(others);
    boolean isAlone = heads.size() == 1 && joined.isEmpty();
    boolean isDecided =
        decider.filter(head -> !(isAlone && head.equals(own))).isPresent() && !others.isEmpty();
    if (isDecided || !heads.first().equals(own)) {
      return new Seeds(addresses, AGAIN_MS);
    }
    addresses.addFirst(own);
    return new Seeds(addresses, patienceMs(joined, before));
  }

  /** Those of a worker, which never founds. */
  static Seeds ofWorker(List<String> joined) {
    return new Seeds(joined, AGAIN_MS);
  }

  /** What a user is told when nobody has let the node in. */
  String refusal(Optional<NodeTls> tls) {
    String expected =
        tls.isPresent()
            ? "with --tls-cert of the same authority (--tls-ca) and of a name (CN or DNS) that this"
                + " node's has too"
            : "without --tls-cert; where it was started with one, this node needs one of the same"
                + " authority";
    return "none of %s has let this node into the cluster: expected one that can be reached there, %s"
        .formatted(String.join(", ", addresses), expected);
  }

  private static long patienceMs(List<String> joined, List<KnownMembers.Known> before) {
    if (before.isEmpty()) {
      return joined.isEmpty() ? ALONE_MS : AMONG_OTHERS_MS;
    }
    return AFTER_OTHERS_MS;
  }
}
