package org.sgquant.kernels;

/**
 * Constants of Adam and what a step number makes of them.
 *
 * <p>{@code rate = lr / (1 - b1^t)}, {@code correction2 = 1 / (1 - b2^t)}, in double; t is the step of a
 * {@link StepState}, counted from 1. Source: Kingma and Ba, ICLR 2015, algorithm 1.
 */
public record AdamStep(double rate, double correction2) {

    public static final double BETA1 = 0.9;
    public static final double BETA2 = 0.999;
    public static final double EPSILON = 1e-8;

    /** Reads step and learning rate of a state in host memory. */
    public static AdamStep of(StepState state) {
        int t = state.step();
        if (t < 1) {
            throw neverStepped(t);
        }
        return new AdamStep(state.learningRate() / (1 - Math.pow(BETA1, t)), 1 / (1 - Math.pow(BETA2, t)));
    }

    /** What is thrown for a state whose step number is {@code t}, below 1. */
    public static IllegalStateException neverStepped(int t) {
        return new IllegalStateException("adam: step " + t + " of the state, expected at least 1: nextStep first");
    }
}
