package org.sgquant.search;

/**
 * What one trial measured.
 *
 * @param validationAccuracy percent
 * @param testAccuracy percent, NaN where it was not measured; no strategy looks at it
 * @param objectiveBytes bytes that the search makes small; equal to {@link CostFunction#bytes}
 * @param storedBytes bytes allocated for all packed cells
 * @param innerStoredBytes the same without the input features
 * @param seconds duration of the trial
 */
public record Measurement(
        double validationAccuracy,
        double testAccuracy,
        long objectiveBytes,
        long storedBytes,
        long innerStoredBytes,
        double seconds) {
    public Measurement {
        if (!Double.isFinite(validationAccuracy)) {
            throw new IllegalArgumentException("validation accuracy is " + validationAccuracy);
        }
    }
}
