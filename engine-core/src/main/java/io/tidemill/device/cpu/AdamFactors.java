package io.tidemill.device.cpu;

import io.tidemill.program.Optimizer;

/**
 * What one step of {@link Optimizer.Adam} multiplies by; powers and roots in double, rounded once.
 */
record AdamFactors(
    float beta1,
    float oneMinusBeta1,
    float beta2,
    float oneMinusBeta2,
    float rate,
    float rootScale,
    float epsilon) {
  static AdamFactors of(Optimizer.Adam adam, long step) {
    double correction1 = 1 - StrictMath.pow(adam.beta1(), (double) step);
    double correction2 = 1 - StrictMath.pow(adam.beta2(), (double) step);
    return new AdamFactors(
        adam.beta1(),
        (float) (1.0 - adam.beta1()),
        adam.beta2(),
        (float) (1.0 - adam.beta2()),
        (float) (adam.learningRate() / correction1),
        (float) (1 / Math.sqrt(correction2)),
        adam.epsilon());
  }
}
