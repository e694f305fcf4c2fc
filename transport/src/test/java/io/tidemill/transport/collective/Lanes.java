package io.tidemill.transport.collective;

import io.tidemill.transport.aeron.Address;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.AeronSettings;
import io.tidemill.transport.aeron.Listener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All ranks of a group on one thread, over each of the lanes. */
final class Lanes implements AutoCloseable {
  static final Patience PATIENCE = Patience.defaults();
  private static final int MOST_RANKS = 4;

  private final Path folder;
  private final List<AeronClient> clients = new ArrayList<>();
  private final List<Collective> ranks = new ArrayList<>();
  private int files;

  Lanes(Path folder) {
    this.folder = folder;
  }

  enum Lane {
    THREADS,
    FILE,
    IPC,
    UDP,
    /** Datagrams of the size that every network carries. */
    UDP_1408
  }

  /** Opens a group, whose ranks are closed with this. */
  List<Collective> open(Lane lane, Group group) {
    List<Collective> opened =
        switch (lane) {
          case THREADS -> SharedCollective.ofThreads(group, PATIENCE);
          case FILE -> ofFile(group);
          case IPC -> ofIpc(group);
          case UDP -> ofUdp(group, 65_504);
          case UDP_1408 -> ofUdp(group, 1408);
        };
    ranks.addAll(opened);
    return opened;
  }

  /** Ends what was opened; on one thread, no rank can wait for another to leave. */
  void end() {
    ranks.forEach(rank -> rank.abort("the test is over"));
    ranks.forEach(Collective::close);
    ranks.clear();
  }

  @Override
  public void close() {
    end();
    clients.forEach(AeronClient::close);
  }

  private List<Collective> ofFile(Group group) {
    Path file = folder.resolve("group-" + files++);
    List<Collective> opened = new ArrayList<>();
    for (int rank = 0; rank < group.ranks(); rank++) {
      opened.add(SharedCollective.ofFile(file, group, rank, PATIENCE));
    }
    return opened;
  }

  private List<Collective> ofIpc(Group group) {
    if (clients.isEmpty()) {
      clients.add(AeronClient.embedded(AeronSettings.ofHost(folder.resolve("aeron"))));
    }
    List<Listener> listeners = new ArrayList<>();
    for (int rank = 0; rank < group.ranks(); rank++) {
      listeners.add(clients.getFirst().listenIpc());
    }
    return over(group, listeners);
  }

  private List<Collective> ofUdp(Group group, int mtuBytes) {
    for (int i = clients.size(); i < MOST_RANKS; i++) {
      Path directory = folder.resolve("aeron-" + i);
      clients.add(AeronClient.embedded(AeronSettings.ofHost(directory).withMtuBytes(mtuBytes)));
    }
    List<Listener> listeners = new ArrayList<>();
    for (int rank = 0; rank < group.ranks(); rank++) {
      listeners.add(clients.get(rank).listenUdp("127.0.0.1:0"));
    }
    return over(group, listeners);
  }

  private static List<Collective> over(Group group, List<Listener> listeners) {
    List<Address> addresses = listeners.stream().map(Listener::address).toList();
    List<Collective> opened = new ArrayList<>();
    for (int rank = 0; rank < group.ranks(); rank++) {
      opened.add(AeronCollective.of(group, rank, listeners.get(rank), addresses, PATIENCE));
    }
    return opened;
  }
}
