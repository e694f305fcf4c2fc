package io.tidemill.examples.chargpt;

import io.tidemill.examples.random.KeyedRandom;
import java.util.List;

/**
 * The text that comes with the example: the log of a tide mill, a few lines a day, made up by a
 * small grammar. The same each time.
 */
final class MillersLog {
  private static final int DAYS = 900;

  private static final List<String> WEEKDAYS =
      List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
  private static final List<String> WINDS =
      List.of("north", "east", "south", "west", "north-east", "south-west");
  private static final List<String> SKIES =
      List.of(
          "fog over the marsh until noon",
          "a clear sky",
          "low cloud and a little rain",
          "hard frost on the sluice",
          "thunder far out at sea",
          "the sun behind thin haze");
  private static final List<String> GRAINS =
      List.of("wheat", "barley", "rye", "oats", "buckwheat", "maize");
  private static final List<String> PEOPLE =
      List.of(
          "the baker of the upper town",
          "old Marten",
          "the two sisters from the ferry",
          "a carter whom nobody knew",
          "the harbour master",
          "Widow Alder",
          "the brewer's boy");
  private static final List<String> DEEDS =
      List.of(
          "brought %s and waited while it was ground",
          "came to fetch the flour of his %s",
          "asked what the %s would cost by the spring",
          "left a sack of %s and the promise of another",
          "complained of grit in the %s and was shown the stone");
  private static final List<String> WORKS =
      List.of(
          "dressed the bed stone",
          "greased the great wheel",
          "cleared weed from the gate",
          "mended a cog of apple wood",
          "counted the sacks twice",
          "drove a new pile into the dam",
          "did no work, for the pond did not fill");
  private static final List<String> REMARKS =
      List.of(
          "The wheel turned before the lamp was lit.",
          "What the flood gives, the ebb must grind.",
          "A heron stood on the dam all morning and caught nothing.",
          "The cat has taken the loft for her own.",
          "Two tides a day, and neither asks whether we are ready.",
          "If the stone runs hot, the miller has slept.",
          "Nothing else to write.");

  private MillersLog() {}

  static String text() {
    StringBuilder log = new StringBuilder();
    for (int day = 0; day < DAYS; day++) {
      KeyedRandom random = new KeyedRandom(1, day, 0);
      writeDay(day, random, log);
    }
    return log.toString();
  }

  private static void writeDay(int day, KeyedRandom random, StringBuilder log) {
    log.append(WEEKDAYS.get(day % WEEKDAYS.size())).append(". ");
    log.append("High water at ").append(1 + random.below(12)).append(" o'clock, wind from the ");
    log.append(oneOf(WINDS, random)).append(", ").append(oneOf(SKIES, random)).append(".\n");
    for (int visit = random.below(3); visit >= 0; visit--) {
      String who = oneOf(PEOPLE, random);
      log.append(Character.toUpperCase(who.charAt(0))).append(who.substring(1)).append(' ');
      log.append(oneOf(DEEDS, random).formatted(oneOf(GRAINS, random))).append(".\n");
    }
    log.append("We ground ").append(2 + random.below(18)).append(" sacks, then ");
    log.append(oneOf(WORKS, random)).append(".\n");
    if (random.below(2) == 0) {
      log.append(oneOf(REMARKS, random)).append('\n');
    }
    log.append('\n');
  }

  private static String oneOf(List<String> choices, KeyedRandom random) {
    return choices.get(random.below(choices.size()));
  }
}
