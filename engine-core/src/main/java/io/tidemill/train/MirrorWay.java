package io.tidemill.train;

import io.tidemill.link.PeerLinks;
import io.tidemill.train.Outgoing.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All that a host sends to one other host of a gang. Confined to the thread of the mirror.
 *
 * <p>Ranks of the sender: [ownFrom, ownTo); of the other host: [theirFrom, theirTo).
 */
final class MirrorWay {
  private static final int ROW_FRAMES_PER_TURN = 32;

  private final Gang gang;
  private final GangLayout layout;
  private final Transfers transfers;
  private final int host;
  private final int ownFrom;
  private final int ownTo;
  private final int theirFrom;
  private final int theirTo;
  private final Outgoing outgoing;
  private final HostLog.Reader rows;
  private final List<Transfer> gradients;
  private final List<Transfer> squares;
  private final List<Transfer> slices;
  private final List<News> news = new ArrayList<>();

  /** Of each rank, whether its beginning was ordered, or the steps behind which it last stood. */
  private final long[] placed;

  MirrorWay(Transfers transfers, PeerLinks links, int other, HostLog.Reader rows) {
    this.gang = transfers.gang();
    this.layout = gang.memoryLayout();
    this.transfers = transfers;
    this.host = links.self();
    this.ownFrom = gang.hosts().firstRank(host);
    this.ownTo = gang.hosts().firstRank(host + 1);
    this.theirFrom = gang.hosts().firstRank(other);
    this.theirTo = gang.hosts().firstRank(other + 1);
    this.outgoing = new Outgoing(links, other);
    this.rows = rows;
    this.placed = new long[gang.ranks()];
    this.gradients = gradients();
    this.squares = squares();
    this.slices = slices();
    for (int rank = ownFrom; rank < ownTo; rank++) {
      news.add(News.joined(transfers, rank));
      news.add(News.changed(transfers, layout.beats(rank)));
      news.add(News.failed(transfers, rank));
    }
    if (leads()) {
      for (int rank = theirFrom; rank < theirTo; rank++) {
        news.add(News.changed(transfers, layout.passed(rank)));
      }
      news.add(News.changed(transfers, layout.over()));
    }
  }

  /** The gradients of a step: this host's shards have computed them. */
  void orderGradients(long step) {
    outgoing.order(gradients, step);
  }

  /** The squares of this host's chunks. */
  void orderSquares(long step) {
    outgoing.order(squares, step);
  }

  /** What this host's ranks have moved. */
  void orderSlices(long step) {
    outgoing.order(slices, step);
  }

  /** Whether all that was ordered was sent. */
  boolean isIdle() {
    return outgoing.isIdle();
  }

  /** Sends what there is room for; work done. */
  int send() {
    int work = sendNews() ? 0 : 1;
    work += leads() ? open() : stand();
    work += outgoing.send();
    return leads() ? work + rows.send(outgoing, ROW_FRAMES_PER_TURN) : work;
  }

  /** Sends what has changed; whether nothing of that is left. */
  boolean sendNews() {
    for (int i = 0; i < news.size(); i++) {
      if (!news.get(i).send(outgoing)) {
        return false;
      }
    }
    return true;
  }

  private boolean leads() {
    return host == 0;
  }

  /** Has ranks there begin that the leading process has opened here. */
  private int open() {
    int work = 0;
    for (int rank = theirFrom; rank < theirTo; rank++) {
      if (placed[rank] == 0 && gang.isOpen(rank)) {
        placed[rank] = 1;
        outgoing.order(beginning(rank), 0);
        work++;
      }
    }
    return work;
  }

  /** Gives the leading host the moments of ranks of this host that have come to a stop. */
  private int stand() {
    int work = 0;
    for (int rank = ownFrom; rank < ownTo && outgoing.host() == 0; rank++) {
      long stood = gang.isOpen(rank) ? gang.stood(rank) : 0;
      if (stood > placed[rank]) {
        placed[rank] = stood;
        outgoing.order(standing(rank), 0);
        work++;
      }
    }
    return work;
  }

  private List<Transfer> gradients() {
    List<Transfer> sent = new ArrayList<>();
    if (leads()) {
      sent.add(transfers.word(layout.stop())); // before the step that it names is counted
    }
    sent.add(
        transfers.bytes(
            layout.loss(gang.firstShard(ownFrom)), layout.loss(gang.firstShard(ownTo))));
    sent.add(transfers.marks());
    long from = gang.sliceStart(theirFrom);
    long to = gang.sliceStart(theirTo);
    for (ShardTree.Part part : gang.shardTree().partsOf(host)) {
      sent.add(transfers.part(part, from, to));
    }
    for (int rank = ownFrom; rank < ownTo; rank++) {
      sent.add(transfers.word(layout.contributed(rank)));
    }
    return List.copyOf(sent);
  }

  private List<Transfer> squares() {
    List<Transfer> sent = new ArrayList<>();
    sent.add(
        transfers.bytes(
            layout.square(gang.firstChunk(ownFrom)), layout.square(gang.firstChunk(ownTo))));
    for (int rank = ownFrom; rank < ownTo; rank++) {
      sent.add(transfers.word(layout.summed(rank)));
    }
    return List.copyOf(sent);
  }

  private List<Transfer> slices() {
    List<Transfer> sent = new ArrayList<>();
    for (int rank = ownFrom; rank < ownTo; rank++) {
      sent.add(transfers.slice(rank));
      sent.add(transfers.word(layout.updated(rank)));
    }
    return List.copyOf(sent);
  }

  private List<Transfer> beginning(int rank) {
    List<Transfer> sent = new ArrayList<>(moments(rank));
    long parameters = layout.parameters();
    sent.add(transfers.bytes(parameters, parameters + gang.layout().floats() * Float.BYTES));
    layout.beginning(rank).forEach(at -> sent.add(transfers.word(at)));
    return sent;
  }

  private List<Transfer> standing(int rank) {
    List<Transfer> sent = new ArrayList<>(moments(rank));
    sent.add(transfers.word(layout.stood(rank)));
    return sent;
  }

  private List<Transfer> moments(int rank) {
    return IntStream.range(0, gang.moments().size())
        .mapToObj(
            i ->
                transfers.bytes(
                    layout.moment(i) + gang.sliceStart(rank) * Float.BYTES,
                    layout.moment(i) + gang.sliceStart(rank + 1) * Float.BYTES))
        .toList();
  }
}
