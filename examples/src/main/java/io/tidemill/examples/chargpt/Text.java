package io.tidemill.examples.chargpt;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A text as tokens, one for each of its characters in the order of their code points.
 *
 * @param characters code points that occur, ascending; a token is a position in it
 * @param tokens the text; not to be changed
 */
record Text(List<Integer> characters, int[] tokens) {
  /** The text of a UTF-8 file. */
  static Text of(Path file) {
    try {
      return of(Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, file + " is not UTF-8 text: convert it, or give another", e);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "data=" + file + " cannot be read (" + reason(e) + "): give a file of UTF-8 text",
          e);
    }
  }

  private static String reason(IOException e) {
    return e instanceof NoSuchFileException ? "there is no such file" : e.getMessage();
  }

  static Text of(String text) {
    int[] codePoints = text.codePoints().toArray();
    int[] characters = Arrays.stream(codePoints).distinct().sorted().toArray();
    int[] tokens =
        Arrays.stream(codePoints).map(each -> Arrays.binarySearch(characters, each)).toArray();
    return new Text(Arrays.stream(characters).boxed().toList(), tokens);
  }

  /** The part [from, to) with the same tokens. */
  Text part(int from, int to) {
    return new Text(characters, Arrays.copyOfRange(tokens, from, to));
  }

  /** What a token stands for. */
  String character(int token) {
    return Character.toString(characters.get(token));
  }

  /** The token of a character, or that of the first where it does not occur. */
  int token(int codePoint) {
    return Math.max(0, characters.indexOf(codePoint));
  }
}
