package org.sgquant.perf.device;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.perf.device.Line.Kind;
import org.sgquant.perf.device.Line.Subject;

/**
 * The lines of one run side by side, with quotients.
 *
 * @param copies what copying alone reaches; the fastest is the ceiling that percentages are of
 * @param missing what was not timed, and why
 */
record Comparison(
        List<Machine> machines, List<Copy> copies, List<Row> rows, List<Verdict> targets, List<Missing> missing) {

    record Machine(String by, String text) {}

    record Copy(String by, double gigabytesPerSecond) {}

    /**
     * One operation of one library.
     *
     * @param overCusparse cuSPARSE's least time in fp32 over this one, for sums over neighbours
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Row(
            String by,
            Subject subject,
            Sampler.Times milliseconds,
            Double bytes,
            Double gigabytesPerSecond,
            Double percentOfCopy,
            Double overCusparse,
            Double worstError) {}

    /** {@code got} and {@code met} are null where the target was not measured. */
    record Verdict(Target target, Double got, Boolean met) {}

    record Missing(String by, Subject subject, String why) {}

    /** Puts lines together; of two about the same subject by the same library, the later counts. */
    static Comparison of(List<Line> lines) {
        Map<Key, Line> latest = new LinkedHashMap<>();
        for (Line line : lines) {
            latest.put(
                    new Key(line.kind(), line.by(), line.subject(), line.kind() == Kind.MISSING ? line.text() : ""),
                    line);
        }
        List<Line> distinct = List.copyOf(latest.values());
        List<Copy> copies = distinct.stream()
                .filter(l -> l.kind() == Kind.COPY)
                .map(l -> new Copy(l.by(), l.rate()))
                .toList();
        double ceiling =
                copies.stream().mapToDouble(Copy::gigabytesPerSecond).max().orElse(Double.NaN);
        List<Row> rows = distinct.stream()
                .filter(l -> l.kind() == Kind.TIME)
                .map(l -> row(l, distinct, ceiling))
                .toList();
        return new Comparison(
                distinct.stream()
                        .filter(l -> l.kind() == Kind.MACHINE)
                        .map(l -> new Machine(l.by(), l.text()))
                        .toList(),
                copies,
                rows,
                Target.ALL.stream().map(t -> verdict(t, rows, distinct)).toList(),
                distinct.stream()
                        .filter(l -> l.kind() == Kind.MISSING)
                        .map(l -> new Missing(l.by(), l.subject(), l.text()))
                        .toList());
    }

    private record Key(Kind kind, String by, Subject subject, String text) {}

    private static Row row(Line line, List<Line> all, double ceiling) {
        Double rate = line.rate();
        return new Row(
                line.by(),
                line.subject(),
                line.times(),
                line.bytes(),
                rate,
                rate == null || Double.isNaN(ceiling) ? null : 100 * rate / ceiling,
                overCusparse(line.subject(), line.times(), "fp32", all),
                line.worstError());
    }

    /**
     * The least time of cuSPARSE for the same sum in {@code type} over {@code times}, null where there is none. In fp32
     * calls through JCuda count as well; in fp16 they do not, since they round the operand in their time.
     */
    private static Double overCusparse(Subject s, Sampler.Times times, String type, List<Line> all) {
        Subject same = new Subject(s.graph(), s.nodes(), s.edges(), "spmm", type, s.columns());
        return !s.operation().equals("spmm")
                ? null
                : all.stream()
                        .filter(l -> l.kind() == Kind.TIME
                                && (l.by().equals("cusparse")
                                        || (type.equals("fp32") && l.by().startsWith("jcusparse ")))
                                && l.subject().equals(same))
                        .map(l -> l.times().median() / times.median())
                        .min(Double::compare)
                        .orElse(null);
    }

    private static Verdict verdict(Target target, List<Row> rows, List<Line> lines) {
        Double got = rows.stream()
                .filter(r -> r.by().equals("sgquant") && isAbout(r.subject(), target))
                .map(r -> got(target, r, lines))
                .findFirst()
                .orElse(null);
        return new Verdict(target, got, got == null ? null : got >= target.wanted());
    }

    private static boolean isAbout(Subject s, Target t) {
        return s.graph().equals(t.graph())
                && s.operation().equals(t.operation())
                && s.type().equals(t.type())
                && s.columns() == t.columns();
    }

    private static Double got(Target target, Row row, List<Line> lines) {
        return switch (target.goal()) {
            case OVER_CUSPARSE_FP32 -> row.overCusparse();
            case OVER_CUSPARSE_FP16 -> overCusparse(row.subject(), row.milliseconds(), "fp16", lines);
            case PERCENT_OF_COPY -> row.percentOfCopy();
        };
    }

    /** Names of the graphs in the order in which they were measured. */
    List<String> graphs() {
        List<String> names = new ArrayList<>();
        rows.stream().map(r -> r.subject().graph()).distinct().forEach(names::add);
        return names;
    }
}
