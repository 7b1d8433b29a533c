package org.sgquant.report;

import java.util.List;
import java.util.Locale;

/** Compared assignments as a Markdown table with its protocol in the head. */
public final class MarkdownTable {

    private MarkdownTable() {}

    /** One row for fp32 and one per assignment; sizes in kB of 1000 bytes. */
    public static String of(RunReport r) {
        List<RunReport.Alternative> rows = r.alternatives() == null ? List.of() : r.alternatives();
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "%s, %s, %d seeds, %s; test accuracy in %% at the checkpoint of best validation accuracy, mean and"
                        + " standard deviation; quantized rows from packed inference.%n%n",
                r.dataset(),
                r.model(),
                r.seeds(),
                r.split()));
        out.append(
                        "| name | bits | sums | test | drop | bits avg / all / inner | payload kB | stored kB | total kB | peak kB |")
                .append(" saving payload / stored |\n");
        out.append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        out.append(String.format(
                Locale.ROOT,
                "| fp32 | 32 | fp32 | %s | | 32 / 32 / 32 | | | | | 1 / 1 |%n",
                accuracy(r.fp32().testAccuracy())));
        for (RunReport.Alternative a : rows) {
            RunReport.Memory m = a.memory();
            out.append(String.format(
                    Locale.ROOT,
                    "| %s | `%s` | %s | %s | %.2f | %.2f / %.2f / %.2f | %.1f | %.1f | %.1f | %.1f | %.1f / %.1f |%n",
                    a.name(),
                    a.bits(),
                    a.aggregated(),
                    accuracy(a.testAccuracy()),
                    a.testDrop(),
                    a.averageBits(),
                    a.bitsAll(),
                    a.bitsInner(),
                    m.payloadBytes() / 1e3,
                    m.storedBytes() / 1e3,
                    m.totalBytes() / 1e3,
                    m.peakBytes() / 1e3,
                    m.savingPayload(),
                    m.savingStored()));
        }
        return out.toString().stripTrailing();
    }

    private static String accuracy(RunReport.Accuracy a) {
        return String.format(Locale.ROOT, "%.2f ± %.2f", a.mean(), a.std());
    }
}
