package org.sgquant.search;

/**
 * {@code fp32ValidationAccuracy - validationAccuracy <= maxDrop}.
 *
 * @param maxDrop percentage points
 * @param fp32ValidationAccuracy percent
 */
public record Constraint(double maxDrop, double fp32ValidationAccuracy) {

    /** Accuracies are multiples of 100/nodes, so equality is common and must survive the rounding of a difference. */
    private static final double ROUNDING = 1e-9;

    public double drop(Measurement measurement) {
        return fp32ValidationAccuracy - measurement.validationAccuracy();
    }

    public boolean allows(Measurement measurement) {
        return drop(measurement) <= maxDrop + ROUNDING;
    }
}
