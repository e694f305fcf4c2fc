package io.tidemill.transport.collective;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** The tree of a slice's sum, of which others send some parts and own leaves are the rest. */
final class StagedTerms {
  private final Map<LeafTree, SumTree.Term> staged = new HashMap<>();
  private final ToLongFunction<LeafTree> addressOfLeaf;

  /**
   * @param addressOfLeaf where the vector of an own leaf lies
   */
  StagedTerms(ToLongFunction<LeafTree> addressOfLeaf) {
    this.addressOfLeaf = addressOfLeaf;
  }

  /** The terms of the parts that another rank sends; they are placed when they have come. */
  List<SumTree.Term> stage(List<LeafTree> parts) {
    parts.forEach(part -> staged.put(part, new SumTree.Term(0)));
    return parts.stream().map(staged::get).toList();
  }

  /** The sum of a node: staged as a whole, of an own leaf, or of its halves. */
  SumTree.Node of(LeafTree node) {
    if (staged.containsKey(node)) {
      return staged.get(node);
    }
    return node.halves()
        .<SumTree.Node>map(halves -> new SumTree.Sum(of(halves.left()), of(halves.right())))
        .orElseGet(() -> new SumTree.Term(addressOfLeaf.applyAsLong(node)));
  }
}
