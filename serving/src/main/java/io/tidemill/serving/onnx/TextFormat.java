package io.tidemill.serving.onnx;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Protocol Buffers' text format without a schema: enough of it for {@code config.pbtxt}.
 *
 * <p>Extensions, {@code Any} and numbered escapes in strings are not understood. Used once.
 *
 * @see <a href="https://protobuf.dev/reference/protobuf/textformat-spec/">Text Format Language
 *     Specification</a>
 */
final class TextFormat {
  /** What a field holds. */
  sealed interface Value {}

  /** Fields by name, each with its values in order. */
  record Message(Map<String, List<Value>> fields) implements Value {
    List<Value> values(String field) {
      return fields.getOrDefault(field, List.of());
    }
  }

  /** A number, a name, or a text without its quotes. */
  record Scalar(String text) implements Value {}

  private enum Kind {
    TEXT,
    WORD,
    SIGN,
    END
  }

  private record Token(Kind kind, String text, int line) {}

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<skipped>\\s+|#[^\\n]*)"
              + "|(?<text>\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*')"
              + "|(?<word>[-\\w.+]+)"
              + "|(?<sign>[{}<>\\[\\]:,;])");
  private static final int MAX_DEPTH = 32;

  private final String where;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private TextFormat(String where, String source) {
    this.where = where;
    Matcher matcher = TOKEN.matcher(source);
    int line = 1;
    int position = 0;
    for (; position < source.length() && matcher.find(position); position = matcher.end()) {
      if (matcher.start() != position) {
        break;
      }
      String text = matcher.group();
      if (matcher.group("skipped") == null) {
        Kind kind =
            matcher.group("text") != null
                ? Kind.TEXT
                : matcher.group("word") != null ? Kind.WORD : Kind.SIGN;
        tokens.add(new Token(kind, text, line));
      }
      line += (int) text.chars().filter(character -> character == '\n').count();
    }
    // What is not understood stands last, and is refused by whoever comes to it.
    String rest = source.substring(position).lines().findFirst().orElse("");
    tokens.add(new Token(Kind.END, rest, line));
  }

  /**
   * The message that a text is.
   *
   * @param where the file, for errors
   * @throws EngineException INVALID_DATA with the line where it is not one
   */
  static Message read(String where, String source) {
    TextFormat reader = new TextFormat(where, source);
    Message message = reader.fields(0);
    if (reader.peek().kind() != Kind.END || !reader.peek().text().isEmpty()) {
      throw reader.expected("the name of a field");
    }
    return message;
  }

  private Message fields(int depth) {
    Map<String, List<Value>> fields = new LinkedHashMap<>();
    while (peek().kind() == Kind.WORD) {
      List<Value> values = fields.computeIfAbsent(take().text(), _ -> new ArrayList<>());
      boolean hasColon = skip(":");
      if (skip("[")) {
        list(values, depth);
      } else if (hasColon || is("{") || is("<")) {
        values.add(value(depth));
      } else {
        throw expected("':' or '{'");
      }
      if (!skip(",")) {
        skip(";");
      }
    }
    return new Message(fields);
  }

  private void list(List<Value> values, int depth) {
    while (!skip("]")) {
      values.add(value(depth));
      if (!skip(",") && !is("]")) {
        throw expected("',' or ']'");
      }
    }
  }

  private Value value(int depth) {
    if (is("{") || is("<")) {
      return message(depth + 1);
    }
    if (peek().kind() == Kind.WORD) {
      return new Scalar(take().text());
    }
    if (peek().kind() != Kind.TEXT) {
      throw expected("a value");
    }
    StringBuilder text = new StringBuilder();
    while (peek().kind() == Kind.TEXT) {
      String quoted = take().text();
      text.append(quoted.substring(1, quoted.length() - 1).replaceAll("\\\\(.)", "$1"));
    }
    return new Scalar(text.toString());
  }

  private Message message(int depth) {
    if (depth > MAX_DEPTH) {
      throw expected("messages nested at most " + MAX_DEPTH + " deep");
    }
    String end = take().text().equals("{") ? "}" : ">";
    Message message = fields(depth);
    if (!skip(end)) {
      throw expected("the name of a field or '" + end + "'");
    }
    return message;
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token take() {
    return tokens.get(at++);
  }

  private boolean is(String sign) {
    return peek().kind() == Kind.SIGN && peek().text().equals(sign);
  }

  private boolean skip(String sign) {
    boolean isThere = is(sign);
    at += isThere ? 1 : 0;
    return isThere;
  }

  private EngineException expected(String what) {
    Token found = peek();
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s line %d: expected %s, found %s"
            .formatted(
                where,
                found.line(),
                what,
                found.text().isEmpty() ? "the end" : "'" + found.text() + "'"));
  }
}
