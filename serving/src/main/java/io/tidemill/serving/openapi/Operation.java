package io.tidemill.serving.openapi;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One method on one path.
 *
 * @param name the route's, by which it is described
 * @param method for example {@code POST}
 * @param path with its named parts in braces
 * @param wantsToken whether a server with tokens refuses whoever bears none
 */
public record Operation(String name, String method, String path, boolean wantsToken) {
  private static final Pattern NAMED = Pattern.compile("\\{(\\w+)}");

  /** The named parts of the path, in order. */
  List<String> parameters() {
    return NAMED.matcher(path).results().map(found -> found.group(1)).toList();
  }

  /** Unique in a document: the method, and the words of the path. */
  String id() {
    List<String> words = Arrays.stream(path.split("\\W+")).filter(word -> !word.isEmpty()).toList();
    return method.toLowerCase(Locale.ROOT) + (words.isEmpty() ? "" : "_" + String.join("_", words));
  }
}
