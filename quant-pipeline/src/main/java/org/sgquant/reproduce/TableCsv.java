package org.sgquant.reproduce;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sgquant.report.RunReport.Accuracy;
import org.sgquant.reproduce.TableReport.Line;
import org.sgquant.reproduce.TableReport.Sizes;

/** A reproduced table as CSV (RFC 4180), a line per row, empty where there is no result. */
final class TableCsv {

    private static final String HEADER =
            "row,dataset,split,model,bits,seeds,seeds_finished,fp32_seeds,fp32_mean,fp32_sd,"
                    + "packed_mean,packed_sd,drop,bits_avg,bits_all,bits_inner,bits_inner_stored,stored_bytes,total_bytes,"
                    + "peak_bytes,saving_payload,saving_stored,sums,inference_ms,target,reached";

    private TableCsv() {}

    static String of(TableReport report) {
        return report.rows().stream()
                .map(line -> row(line, report.seeds()))
                .collect(Collectors.joining("\n", HEADER + "\n", "\n"));
    }

    private static String row(Line l, int seeds) {
        Sizes s = l.sizes();
        return Stream.<Object>of(
                        l.name(),
                        l.dataset(),
                        l.split(),
                        l.model(),
                        l.bits(),
                        seeds,
                        l.finished(),
                        l.fp32() == null ? 0 : l.fp32().values().size(),
                        mean(l.fp32()),
                        sd(l.fp32()),
                        mean(l.packed()),
                        sd(l.packed()),
                        l.drop(),
                        s == null ? null : s.bitsAverage(),
                        s == null ? null : s.bitsAll(),
                        s == null ? null : s.bitsInner(),
                        s == null ? null : s.bitsInnerStored(),
                        s == null ? null : s.storedBytes(),
                        s == null ? null : s.totalBytes(),
                        s == null ? null : s.peakBytes(),
                        s == null ? null : s.savingPayload(),
                        s == null ? null : s.savingStored(),
                        l.aggregated(),
                        l.inferenceMs(),
                        target(l),
                        l.reached())
                .map(TableCsv::field)
                .collect(Collectors.joining(","));
    }

    private static Double mean(Accuracy a) {
        return a == null ? null : a.mean();
    }

    private static Double sd(Accuracy a) {
        return a == null ? null : a.std();
    }

    private static String target(Line l) {
        return l.target() == null
                ? null
                : l.target().stream()
                        .map(c -> c.what() + (c.atLeast() ? " >= " : " <= ") + c.bound())
                        .collect(Collectors.joining("; "));
    }

    private static String field(Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("(?s).*[\",\n].*") ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
    }
}
