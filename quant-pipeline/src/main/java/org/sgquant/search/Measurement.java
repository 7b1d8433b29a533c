package org.sgquant.search;

/**
 * What one trial measured.
 *
 * @param validationAccuracy percent
 * @param cost bytes equal to those of the {@link CostFunction}; latency as measured, NaN where nobody asked for it
 * @param storedBytes bytes really allocated for all packed cells: fewer where features took a sparse form
 * @param seconds duration of the trial
 */
public record Measurement(double validationAccuracy, Cost cost, long storedBytes, double seconds) {
    public Measurement {
        if (!Double.isFinite(validationAccuracy)) {
            throw new IllegalArgumentException("validation accuracy is " + validationAccuracy);
        }
    }
}
