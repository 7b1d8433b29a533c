package org.sgquant.reproduce;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.sgquant.report.RunReport.Accuracy;

/**
 * A reproduced table: one JSON document, accuracies in percent, sizes in bytes, inference in milliseconds.
 *
 * @param protocol how accuracies came about and what is counted, in words
 * @param created date and time of this document
 * @param devices what the results were computed on
 * @param command the command that makes the table
 * @param accountings the ways of counting that the table uses, by name, in words
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TableReport(
        String table,
        String title,
        String head,
        String protocol,
        String created,
        String sgquant,
        String machine,
        List<String> devices,
        String command,
        int seeds,
        long firstSeed,
        List<Line> rows,
        Check meanDrop,
        Map<String, String> accountings,
        List<String> notes) {

    /**
     * A row's result; what has no result yet is left out.
     *
     * @param finished seeds with a packed result, or with an fp32 result in a row without bits
     * @param failed why further seeds have none, such as a training that diverged
     * @param drop mean over the finished seeds of fp32 minus packed, in points
     * @param reached null while seeds are missing
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Line(
            String name,
            String dataset,
            String split,
            String model,
            String bits,
            int finished,
            List<String> failed,
            Accuracy fp32,
            Accuracy packed,
            Double drop,
            Sizes sizes,
            String aggregated,
            Double inferenceMs,
            List<Check> target,
            Boolean reached,
            List<Beside> published) {}

    /**
     * Bits per value and bytes, means over the finished seeds.
     *
     * @param bitsAverage codes of embeddings and attention
     * @param bitsAll codes of all tensors
     * @param bitsInner codes of all tensors but the input features
     * @param bitsInnerStored what is stored for them: scales, offsets and padding included
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Sizes(
            Double bitsAverage,
            Double bitsAll,
            Double bitsInner,
            Double bitsInnerStored,
            double storedBytes,
            double totalBytes,
            double peakBytes,
            double savingPayload,
            double savingStored) {}

    /** A bound and what was found; {@code gap} is positive where the bound is kept with room. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Check(String what, boolean atLeast, double bound, Double ours, Double gap) {

        static Check of(String what, boolean atLeast, double bound, Double ours) {
            return new Check(what, atLeast, bound, ours, ours == null ? null : atLeast ? ours - bound : bound - ours);
        }

        boolean reached() {
            return gap != null && gap >= 0;
        }
    }

    /** A published figure, and our bits in its accounting where we have one like it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Beside(Table.Published figure, Double ourBits) {}
}
