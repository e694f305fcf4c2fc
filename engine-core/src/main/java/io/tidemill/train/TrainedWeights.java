package io.tidemill.train;

/**
 * What a training hands to those who measure it.
 *
 * @param step the steps that made it
 * @param parameters the parameters in the layout of the network's arena; not changed after
 */
public record TrainedWeights(long step, float[] parameters) {}
