package io.tidemill.relay;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerLinks;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries elements, and letters, between the tasks of this process and those of others
 * (docs/design/0014).
 *
 * <p>A channel between two processes has an end in each: what a task puts into the one is taken out
 * here, sent as far as the other process has asked for it, and put into the other end there. So
 * tasks know nothing of processes, and a slow reader holds up its own channel only.
 *
 * <p>Run by one thread, which is that of its {@link PeerLinks}.
 */
public final class Relay implements Task, Post {
  private static final long FAREWELL_NS = 500_000_000;
  private static final long REST_NS = 50_000;

  private final TaskId id;
  private final PeerLinks links;
  private final Mail mail;
  private final List<Letters> letters = new ArrayList<>();
  private final List<Departure> departures = new ArrayList<>();
  private final List<Arrival> arrivals = new ArrayList<>();
  private final Map<Integer, Departure> departureByNumber = new HashMap<>();
  private final Map<Integer, Arrival> arrivalByNumber = new HashMap<>();
  private final PeerLinks.Receiver receiver = this::take;

  /** Which departure comes first: the next one, so that no other is always late. */
  private int first;

  private boolean isClosed;

  /**
   * Over links that it closes.
   *
   * @param out channels that tasks here fill
   * @param in channels that tasks here empty
   */
  public Relay(
      TaskId id, PeerLinks links, List<RemoteChannel> out, List<RemoteChannel> in, Mail mail) {
    this.id = id;
    this.links = links;
    this.mail = mail;
    for (int peer = 0; peer < links.peers(); peer++) {
      letters.add(new Letters(links, peer));
    }
    for (RemoteChannel remote : out) {
      Departure departure = new Departure(remote, links);
      departures.add(departure);
      departureByNumber.put(remote.number(), departure);
    }
    for (RemoteChannel remote : in) {
      Arrival arrival = new Arrival(remote, links);
      arrivals.add(arrival);
      arrivalByNumber.put(remote.number(), arrival);
    }
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    int work = links.poll(receiver) + mail.write(this);
    for (int peer = 0; peer < letters.size(); peer++) {
      work += letters.get(peer).send();
    }
    for (int i = 0; i < arrivals.size(); i++) {
      work += arrivals.get(i).grant();
    }
    for (int i = 0; i < departures.size(); i++) {
      work += departures.get((first + i) % departures.size()).send();
    }
    first = first + 1 < departures.size() ? first + 1 : 0;
    return work;
  }

  @Override
  public void send(int peer, byte[] letter) {
    letters.get(peer).add(letter);
  }

  @Override
  public boolean isBehind(int peer) {
    return letters.get(peer).isBehind();
  }

  /** Sends the last letters, as far as that takes little time; elements are of no use any more. */
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      mail.write(this);
      long begunNs = System.nanoTime();
      while (letters.stream().mapToInt(Letters::send).sum() > 0
          || (letters.stream().anyMatch(Letters::isBehind)
              && System.nanoTime() - begunNs < FAREWELL_NS)) {
        links.poll((_, _, _) -> {});
        LockSupport.parkNanos(REST_NS);
      }
      links.close();
    }
  }

  private void take(int from, long frame, int bytes) {
    int payload = bytes < RelayFrame.HEADER ? -1 : RelayFrame.bytes(frame);
    if (payload < 0 || payload > bytes - RelayFrame.HEADER) {
      throw strange(from, "of " + bytes + " bytes");
    }
    int kind = RelayFrame.kind(frame);
    switch (kind) {
      case RelayFrame.ELEMENTS, RelayFrame.ELEMENTS_PIECE ->
          of(arrivalByNumber, from, frame).take(frame, payload, kind == RelayFrame.ELEMENTS);
      case RelayFrame.CREDIT -> of(departureByNumber, from, frame).credit(RelayFrame.word(frame));
      case RelayFrame.LETTER, RelayFrame.LETTER_PIECE -> {
        Letters ofPeer = letters.get(from);
        ofPeer.incoming.add(frame, payload);
        if (kind == RelayFrame.LETTER) {
          mail.take(from, ofPeer.incoming.take());
        }
      }
      default -> throw strange(from, "of kind " + Integer.toHexString(kind));
    }
  }

  private <T> T of(Map<Integer, T> ends, int from, long frame) {
    T end = ends.get(RelayFrame.channel(frame));
    if (end == null) {
      throw strange(from, "for channel " + RelayFrame.channel(frame));
    }
    return end;
  }

  private EngineException strange(int from, String what) {
    return new EngineException(
        ErrorCode.INTERNAL,
        "worker %d has sent a frame %s, which worker %d cannot place"
            .formatted(from, what, links.self()));
  }
}
