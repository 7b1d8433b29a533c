package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sgquant.tensor.BitWidth;

/**
 * What each cell's width does to a trained model, as text for people and as JSON.
 *
 * @param dataSha256 fingerprint of the dataset
 * @param settings of the model, every one by name
 * @param fp32Validation mean accuracy in percent
 * @param correlations with {@code onlyThisDrop} of the ranks of the cells at one width, mean over the widths
 * @param mostSensitive cells of largest divergence at the width nearest to 4, most sensitive first
 * @param bits an assignment that keeps these at 8 bits and the others at 4
 * @param recipe YAML that {@code quantize --recipe} takes: these bits, and what was not as usual of data and model
 */
public record SensitivityReport(
        String dataset,
        String dataSha256,
        String model,
        Map<String, Object> settings,
        int seeds,
        double fp32Validation,
        List<Cell> cells,
        Correlations correlations,
        List<String> mostSensitive,
        String bits,
        String recipe) {

    /** A cell, or its part of one degree bucket, at one width; without trace, curvature and fisher for the features. */
    public record Cell(
            String cell,
            BitWidth bits,
            double onlyThisDrop,
            double allButThisDrop,
            double divergence,
            double squaredError,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double trace,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double curvature,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double fisher) {}

    /** Spearman's; null where all ranks of a side are equal. */
    public record Correlations(Double divergence, Double curvature, Double fisher) {}

    /** The table, and the most sensitive cells as a recipe. */
    public String text() {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "%s, %s, %d seed%s: validation accuracy %.2f in fp32; no fine-tuning, packed inference%n%n",
                dataset,
                model,
                seeds,
                seeds == 1 ? "" : "s",
                fp32Validation));
        out.append(String.format(
                "%-20s %4s  %14s  %14s  %10s  %10s  %10s%n",
                "cell", "bits", "only this, pt", "all but it, pt", "divergence", "curvature", "fisher"));
        for (Cell c : cells) {
            out.append(String.format(
                    Locale.ROOT,
                    "%-20s %4s  %14.2f  %14.2f  %10.2e  %10s  %10s%n",
                    c.cell(),
                    c.bits(),
                    c.onlyThisDrop(),
                    c.allButThisDrop(),
                    c.divergence(),
                    number("%.2e", c.curvature()),
                    number("%.2e", c.fisher())));
        }
        out.append(String.format(
                "%nrank correlation of cells with the drop of only this, mean over widths: divergence %s, curvature %s,"
                        + " fisher %s%n",
                number("%.2f", correlations.divergence()),
                number("%.2f", correlations.curvature()),
                number("%.2f", correlations.fisher())));
        out.append(String.format("most sensitive: %s%n%n", String.join(", ", mostSensitive)));
        out.append("a recipe that spares them, for quantize --recipe:\n").append(recipe.stripTrailing());
        return out.toString();
    }

    private static String number(String format, Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
