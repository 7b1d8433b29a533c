package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.sgquant.quant.MemoryReport;

/**
 * What a command prints with {@code --json} and saves as {@code metrics.json}: one document, accuracies in percent,
 * sizes in bytes, times in seconds on the device described. Parts that a command did not do are left out.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunReport(
        @JsonProperty(required = true) String dataset,
        @JsonProperty(required = true) String split,
        @JsonProperty(required = true) String model,
        @JsonProperty(required = true) String device,
        String deviceDescription,
        @JsonProperty(required = true) int seeds,
        @JsonProperty(required = true) long firstSeed,
        @JsonProperty(required = true) Fp32 fp32,
        Quantized quantized,
        List<Layer> layers,
        Memory memory,
        SearchSummary search,
        List<Alternative> alternatives,
        @JsonProperty(required = true) Seconds seconds,
        Map<String, String> codesSha256,
        String savedTo,
        Integer folds) {

    /** A report on seeds; where whole graphs are classified, {@code folds} counts them and takes the place of seeds. */
    public RunReport(
            String dataset,
            String split,
            String model,
            String device,
            String deviceDescription,
            int seeds,
            long firstSeed,
            Fp32 fp32,
            Quantized quantized,
            List<Layer> layers,
            Memory memory,
            SearchSummary search,
            List<Alternative> alternatives,
            Seconds seconds,
            Map<String, String> codesSha256,
            String savedTo) {
        this(
                dataset,
                split,
                model,
                device,
                deviceDescription,
                seeds,
                firstSeed,
                fp32,
                quantized,
                layers,
                memory,
                search,
                alternatives,
                seconds,
                codesSha256,
                savedTo,
                null);
    }

    /** Mean and sample standard deviation over seeds, and every value in the order of seeds. */
    public record Accuracy(double mean, double std, List<Double> values) {
        public static Accuracy of(List<Double> values) {
            Statistics s = Statistics.of(values);
            return new Accuracy(s.mean(), s.std(), values);
        }
    }

    public record Fp32(Accuracy testAccuracy, Accuracy validationAccuracy) {}

    /** Accuracies of packed inference; {@code testDrop} is the fp32 mean minus the quantized mean. */
    public record Quantized(
            String bits,
            double averageBits,
            double bitsAll,
            double bitsInner,
            Accuracy testAccuracy,
            Accuracy validationAccuracy,
            double testDrop) {}

    public record Layer(int layer, String order, String aggregated) {}

    /** Sizes as {@link MemoryReport} names them; {@code cells} says of each cell how it is stored. */
    public record Memory(
            long fp32Bytes,
            long payloadBytes,
            long storedBytes,
            long innerStoredBytes,
            long totalBytes,
            long peakBytes,
            double savingPayload,
            double savingStored,
            long fp32CsrBytes,
            double savingStoredCsr,
            double savingAll,
            List<MemoryReport.CellBytes> cells) {
        public static Memory of(MemoryReport m, long peakBytes) {
            return new Memory(
                    m.fp32Bytes(),
                    m.payloadBytes(),
                    m.storedBytes(),
                    m.innerStoredBytes(),
                    m.totalBytes(),
                    peakBytes,
                    m.savingPayload(),
                    m.savingStored(),
                    m.fp32CsrBytes(),
                    m.savingStoredCsr(),
                    m.savingAll(),
                    m.cells());
        }
    }

    /**
     * The search that chose the bits; {@code drop} is on validation, {@code objectiveBytes} all bytes unless the objective is
     * the inner ones, or neither is and the inner ones are bounded, {@code study} the file of its trials; bounds that were not set and a latency that was not measured are
     * left out.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SearchSummary(
            String strategy,
            int trials,
            String objective,
            Double maxDrop,
            Long maxBytes,
            Long maxInnerBytes,
            Double maxLatencySeconds,
            double drop,
            boolean feasible,
            long objectiveBytes,
            Double latencySeconds,
            String bits,
            String study) {}

    /** Another assignment on the same seeds, for comparison; {@code testDrop} against the fp32 mean, in points. */
    public record Alternative(
            String name,
            String bits,
            String aggregated,
            double averageBits,
            double bitsAll,
            double bitsInner,
            Accuracy testAccuracy,
            double testDrop,
            Memory memory) {}

    /** {@code inference} is packed, {@code fp32Inference} of the model before; both medians of one run, warm. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Seconds(Double train, Double search, Double finetune, Double inference, Double fp32Inference) {}
}
