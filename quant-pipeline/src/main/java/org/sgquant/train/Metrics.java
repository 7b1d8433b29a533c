package org.sgquant.train;

/** Mean loss and accuracy in percent over some nodes. */
public record Metrics(double loss, double accuracy) {

    /** Whether this is the better checkpoint: higher accuracy, ties by lower loss. */
    public boolean betterThan(Metrics other) {
        return other == null || accuracy > other.accuracy || (accuracy == other.accuracy && loss < other.loss);
    }
}
