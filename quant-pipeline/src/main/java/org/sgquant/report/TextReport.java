package org.sgquant.report;

import java.util.Locale;
import org.sgquant.search.Objective;

/** The run report as a page of text. */
public final class TextReport {

    private TextReport() {}

    /** Headline, memory, layers, search, times; only the parts that the report has. */
    public static String of(RunReport r) {
        StringBuilder out = new StringBuilder();
        line(
                out,
                "%s, %s, %s, %d %s",
                r.dataset(),
                r.model(),
                r.deviceDescription() == null ? r.device() : r.deviceDescription(),
                r.seeds(),
                (r.folds() == null ? "seed" : "fold") + (r.seeds() == 1 ? "" : "s"));
        line(out, "  fp32       test %s %%", accuracy(r.fp32().testAccuracy()));
        if (r.quantized() != null) {
            quantized(out, r);
        }
        if (r.alternatives() != null) {
            line(out, "  compared with");
            for (RunReport.Alternative a : r.alternatives()) {
                line(
                        out,
                        "    %-10s test %s %%, drop %.2f, inner bits %.2f, stored %,d B",
                        a.name(),
                        accuracy(a.testAccuracy()),
                        a.testDrop(),
                        a.bitsInner(),
                        a.memory().storedBytes());
            }
        }
        if (r.search() != null) {
            search(out, r.search());
        }
        line(
                out,
                "  seconds    train %s, search %s, fine-tune %s, one inference %s, in fp32 %s",
                seconds(r.seconds().train()),
                seconds(r.seconds().search()),
                seconds(r.seconds().finetune()),
                seconds(r.seconds().inference()),
                seconds(r.seconds().fp32Inference()));
        if (r.savedTo() != null) {
            line(out, "  saved to   %s", r.savedTo());
        }
        return out.toString().stripTrailing();
    }

    private static void quantized(StringBuilder out, RunReport r) {
        RunReport.Quantized q = r.quantized();
        RunReport.Memory m = r.memory();
        line(out, "  packed     test %s %%, drop %.2f points", accuracy(q.testAccuracy()), q.testDrop());
        line(out, "  bits       %s", q.bits());
        line(
                out,
                "             %.2f per value (embedding and attention), %.2f over all cells, %.2f without the features",
                q.averageBits(),
                q.bitsAll(),
                q.bitsInner());
        line(
                out,
                "  memory     fp32 %,d B -> payload %,d B (%.1fx), stored %,d B (%.1fx; of CSR %.1fx), total %,d B (%.1fx of all tensors), peak %,d B",
                m.fp32Bytes(),
                m.payloadBytes(),
                m.savingPayload(),
                m.storedBytes(),
                m.savingStored(),
                m.savingStoredCsr(),
                m.totalBytes(),
                m.savingAll(),
                m.peakBytes());
        for (RunReport.Layer layer : r.layers()) {
            line(out, "  layer %d    %s, aggregated: %s", layer.layer(), layer.order(), layer.aggregated());
        }
    }

    private static void search(StringBuilder out, RunReport.SearchSummary s) {
        line(
                out,
                "  search     %s, %d trials, least %s: %,d B%s at a validation drop of %.2f%s%s",
                s.strategy(),
                s.trials(),
                s.objective(),
                s.objectiveBytes(),
                Objective.of(s.objective()).tellsInnerBytes(s.maxInnerBytes() != null) ? " without the features" : "",
                s.drop(),
                s.latencySeconds() == null
                        ? ""
                        : String.format(Locale.ROOT, ", %.3f ms an inference", 1e3 * s.latencySeconds()),
                s.feasible() ? "" : ": not within the bounds");
        line(out, "             %s", s.bits());
    }

    private static String accuracy(RunReport.Accuracy a) {
        return String.format(Locale.ROOT, "%.2f +- %.2f", a.mean(), a.std());
    }

    private static String seconds(Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, value < 0.1 ? "%.4f" : "%.1f", value);
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
