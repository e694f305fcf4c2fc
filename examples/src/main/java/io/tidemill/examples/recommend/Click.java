package io.tidemill.examples.recommend;

/**
 * An item that was shown to a user.
 *
 * @param hour of the day, 0 to 23
 * @param clicked whether the user followed
 */
public record Click(int user, int item, int hour, boolean clicked) {}
