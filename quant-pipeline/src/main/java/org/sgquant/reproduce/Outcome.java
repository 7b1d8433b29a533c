package org.sgquant.reproduce;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.sgquant.quant.CellCount;
import org.sgquant.report.RunReport;

/**
 * One seed of one row, or the fp32 training it starts from; accuracies in percent.
 *
 * @param problem why there is no result, such as a training that diverged; null where there is one
 * @param device what computed it
 * @param packing null for fp32 training
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Outcome(
        String problem,
        Double validation,
        Double test,
        Double seconds,
        @JsonProperty(required = true) String device,
        Packing packing) {

    static Outcome failed(String problem, String device) {
        return new Outcome(problem, null, null, null, device, null);
    }

    boolean succeeded() {
        return problem == null;
    }

    /**
     * What a packed model holds.
     *
     * @param aggregated {@code int}, or what its layers do where one of them sums in fp32
     * @param inferenceSeconds median of one packed inference; measured for one seed of a row, null for the others
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Packing(
            String bits, String aggregated, List<CellCount> cells, RunReport.Memory memory, Double inferenceSeconds) {}
}
