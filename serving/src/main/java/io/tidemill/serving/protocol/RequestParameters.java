package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.serving.inference.Urgency;
import java.io.IOException;

/**
 * The {@code parameters} of a V2 request; those that are not known are skipped.
 *
 * @param isBinaryOutput whether outputs are to be binary that say nothing themselves
 * @param priority 1 is served first, 9 last; 0 is none
 * @param timeoutUs how long an answer is of use, microseconds; 0 is for ever
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md">the
 *     extension schedule_policy</a>
 */
public record RequestParameters(boolean isBinaryOutput, int priority, long timeoutUs) {
  static final RequestParameters NONE = new RequestParameters(false, 0, 0);

  private static final long MOST_US = Long.MAX_VALUE / 1_000;

  /** How much the request presses, by these and by what was said elsewhere. */
  public Urgency urgency(Urgency unlessSaid) {
    Urgency urgency = priority == 0 ? unlessSaid : unlessSaid.withPriority(priority);
    return timeoutUs == 0 ? urgency : urgency.within(timeoutUs * 1_000);
  }

  /** Reads the object whose opening brace {@code parser} stands on. */
  static RequestParameters read(JsonParser parser) throws IOException {
    boolean isBinaryOutput = false;
    long priority = 0;
    long timeoutUs = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "binary_data_output" -> isBinaryOutput = flag(parser, name);
        case "priority" -> priority = number(parser, name, Urgency.LAST);
        case "timeout" -> timeoutUs = number(parser, name, MOST_US);
        default -> parser.skipChildren();
      }
    }
    return new RequestParameters(isBinaryOutput, (int) priority, timeoutUs);
  }

  static boolean flag(JsonParser parser, String name) {
    if (!parser.currentToken().isBoolean()) {
      throw BadRequest.of(
          "parameter %s: expected true or false, found %s",
          name, TokenNames.of(parser.currentToken()));
    }
    return parser.currentToken() == JsonToken.VALUE_TRUE;
  }

  private static long number(JsonParser parser, String name, long most) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long value = parser.getLongValue();
      if (value >= 0 && value <= most) {
        return value;
      }
    }
    throw BadRequest.of(
        "parameter %s: expected a number from 0 to %d, found %s",
        name, most, TokenNames.shorten(parser.getText()));
  }
}
