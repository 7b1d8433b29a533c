package org.sgquant.search;

/**
 * {@code fp32ValidationAccuracy - validationAccuracy <= maxDrop}, and the cost within its bounds.
 *
 * @param fp32ValidationAccuracy percent
 */
public record Constraint(Bounds bounds, double fp32ValidationAccuracy) {

    /** Accuracies are multiples of 100/nodes, so equality is common and must survive the rounding of a difference. */
    private static final double ROUNDING = 1e-9;

    /** A bound of the drop alone. */
    public Constraint(double maxDrop, double fp32ValidationAccuracy) {
        this(Bounds.drop(maxDrop), fp32ValidationAccuracy);
    }

    public double maxDrop() {
        return bounds.maxDrop();
    }

    public double drop(Measurement measurement) {
        return fp32ValidationAccuracy - measurement.validationAccuracy();
    }

    public boolean allows(Measurement measurement) {
        return drop(measurement) <= maxDrop() + ROUNDING && bounds.allow(measurement.cost());
    }
}
