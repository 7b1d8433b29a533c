package org.sgquant.perf.device;

import java.util.Locale;
import java.util.Map;
import org.sgquant.report.RunReport;

/** Whole runs as a Markdown table. */
final class RunTable {

    private static final String HEAD = """
            # Whole runs

            Training in fp32, bit search, fine-tuning and packed inference on one device; seconds of each, inference \
            the median of packed inferences.
            """;

    private static final String COLUMNS = """

            | graph | device | fp32 test % | packed test % | bits | saving stored | train s | search s | fine-tune s \
            | inference ms |
            |---|---|--:|--:|---|--:|--:|--:|--:|--:|
            """;

    private RunTable() {}

    /** {@code runs} by the name of the graph. */
    static String of(Map<String, RunReport> runs) {
        StringBuilder out = new StringBuilder(HEAD);
        if (runs.values().stream().anyMatch(run -> Measured.isNoGpu(run.deviceDescription()))) {
            out.append('\n').append(Measured.NOT_ON_GPU).append('\n');
        }
        out.append(COLUMNS);
        runs.forEach((graph, run) -> out.append(String.format(
                Locale.ROOT,
                "| %s | %s | %.2f | %s | %s | %s | %s | %s | %s | %s |%n",
                graph,
                run.deviceDescription(),
                run.fp32().testAccuracy().mean(),
                run.quantized() == null
                        ? ""
                        : number("%.2f", run.quantized().testAccuracy().mean()),
                run.quantized() == null ? "" : "`" + run.quantized().bits() + "`",
                run.memory() == null ? "" : number("%.1f", run.memory().savingStored()),
                number("%.1f", run.seconds().train()),
                number("%.1f", run.seconds().search()),
                number("%.1f", run.seconds().finetune()),
                run.seconds().inference() == null
                        ? ""
                        : number("%.3f", 1e3 * run.seconds().inference()))));
        return out.toString();
    }

    private static String number(String format, Double value) {
        return value == null ? "" : String.format(Locale.ROOT, format, value);
    }
}
