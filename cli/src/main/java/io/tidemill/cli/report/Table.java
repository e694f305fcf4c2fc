package io.tidemill.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Lines of cells under a header, columns as wide as they have to be. Confined to one thread. */
final class Table {
  private final List<List<String>> rows = new ArrayList<>();
  private final Set<Integer> numbers;

  /** {@code numbers} are the columns that are set to the right. */
  Table(List<String> header, Set<Integer> numbers) {
    this.numbers = Set.copyOf(numbers);
    rows.add(header);
  }

  void add(List<String> row) {
    rows.add(row);
  }

  @Override
  public String toString() {
    int[] widths =
        IntStream.range(0, rows.getFirst().size())
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    return rows.stream().map(row -> line(row, widths)).collect(Collectors.joining());
  }

  private String line(List<String> row, int[] widths) {
    String cells =
        IntStream.range(0, row.size())
            .mapToObj(column -> cell(row.get(column), column, Math.max(1, widths[column])))
            .collect(Collectors.joining("  "));
    return cells.stripTrailing() + System.lineSeparator();
  }

  private String cell(String text, int column, int width) {
    return String.format("%" + (numbers.contains(column) ? "" : "-") + width + "s", text);
  }
}
