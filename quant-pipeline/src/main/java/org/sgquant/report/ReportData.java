package org.sgquant.report;

import java.util.List;
import java.util.Map;
import org.sgquant.data.DegreeHistogram;
import org.sgquant.tensor.BitWidth;

/**
 * What a report page shows, whatever it was read from; a part that is not known is null or empty.
 *
 * @param title data and model, as {@code cora, gcn}
 * @param headline fp32 against the chosen assignment
 * @param bits the chosen assignment, in its canonical text
 * @param search trials of one or several studies, null where none is told of
 * @param cells widths of the chosen assignment
 * @param environment name and value, in the order shown
 * @param commands command lines that make this again
 */
public record ReportData(
        String title,
        List<Quantity> headline,
        String bits,
        Search search,
        List<CellBits> cells,
        List<Sensitivity> sensitivity,
        Degrees degrees,
        List<Range> ranges,
        Map<String, String> environment,
        List<String> commands) {

    /** How a number is written: percent, bytes as KiB and the like, seconds as ms and the like. */
    public enum Unit {
        PERCENT,
        BYTES,
        SECONDS
    }

    /** A mean, with its standard deviation where there are several values. */
    public record Value(double mean, Double std) {
        public static Value of(double value) {
            return new Value(value, null);
        }

        public static Value of(RunReport.Accuracy accuracy) {
            return new Value(accuracy.mean(), accuracy.values().size() < 2 ? null : accuracy.std());
        }
    }

    /** One row of the headline; a value that was not measured is null, {@code note} says what is counted. */
    public record Quantity(String name, Unit unit, Value fp32, Value chosen, String note) {}

    /**
     * Trials, what they make small and what bound them.
     *
     * @param costName what the cost of a trial is, as {@code stored size of all cells}
     * @param costUnit bytes or seconds
     * @param leastDrop whether the drop is made small, and the cost is only shown
     * @param clock what {@link Trial#endedAfter} counts, as the title of an axis
     * @param maxDrop points of validation accuracy, infinite where the drop has no bound
     */
    public record Search(
            String costName, Unit costUnit, boolean leastDrop, double maxDrop, String clock, List<Trial> trials) {}

    /**
     * One measured assignment.
     *
     * @param study label of the study it belongs to, unique among those shown
     * @param drop points of validation accuracy below fp32
     * @param cost bytes or seconds, as {@link Search#costUnit} says
     * @param latencySeconds null where it was not measured
     * @param endedAfter seconds, since when {@link Search#clock} says
     */
    public record Trial(
            String study,
            int number,
            String bits,
            double validationAccuracy,
            double drop,
            double cost,
            long storedBytes,
            Double latencySeconds,
            double endedAfter,
            boolean feasible,
            boolean chosen) {}

    /** Width of one cell in one degree bucket; {@code bucket} is -1 where the cell has one width for all. */
    public record CellBits(int layer, String component, int bucket, String bits) {}

    /** Points lost with only this cell quantized, and with all cells but this one; null where not measured. */
    public record Sensitivity(String cell, BitWidth bits, Double onlyThisDrop, Double allButThisDrop) {}

    /** Nodes per degree and the borders between degree buckets: bucket 0 ends with {@code splits[0]}. */
    public record Degrees(DegreeHistogram histogram, List<Integer> splits) {}

    /**
     * Values that the codes of a cell reach in one degree bucket, and the step between two codes.
     *
     * @param bucket -1 where the cell has one block of ranges for all nodes
     * @param count scales in the block: one, or one per column
     */
    public record Range(
            String cell,
            int bucket,
            int bits,
            int count,
            double min,
            double max,
            double leastScale,
            double mostScale) {}
}
