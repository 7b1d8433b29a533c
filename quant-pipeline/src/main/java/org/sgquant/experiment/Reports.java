package org.sgquant.experiment;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.MemoryReport;
import org.sgquant.report.ReportData;
import org.sgquant.report.ReportData.Quantity;
import org.sgquant.report.ReportData.Unit;
import org.sgquant.report.ReportData.Value;
import org.sgquant.report.RunReport;
import org.sgquant.search.Cost;
import org.sgquant.search.Objective;
import org.sgquant.search.Study;
import org.sgquant.search.Trial;
import org.sgquant.tensor.BitWidth;

/** Report data of studies, of a saved model, and of a run that just ended. */
public final class Reports {

    private Reports() {}

    /**
     * What a report is made from; a part that there is not is null or empty.
     *
     * @param bits the assignment that was chosen, {@code cells} those it is about
     * @param run what was measured of it
     * @param memory its sizes where {@code run} has none
     */
    private record Subject(
            BitAssignment bits,
            List<Cell> cells,
            RunReport run,
            MemoryReport memory,
            SavedModel.Provenance provenance,
            List<ReportData.Range> ranges) {}

    /** Of one or several studies: the best trial of all of them is the chosen one. */
    public static ReportData of(List<StudyNotes> studies, Sweeps sweeps) {
        requireAlike(studies);
        StudyNotes best =
                studies.stream().min((a, b) -> compare(a, a.best(), b.best())).orElseThrow();
        studies.forEach(study -> Origin.of(study).requireOf(Origin.of(best)));
        Origin.of(sweeps).requireOf(Origin.of(best));
        BitAssignment bits = best.space() == null
                ? null
                : best.space().assignment(best.best().bits());
        List<Cell> cells = best.space() == null
                ? List.of()
                : best.space().cells().stream()
                        .map(name -> Cell.parse(name.replaceFirst("\\[.*", "")))
                        .distinct()
                        .toList();
        RunReport run = best.run() == null ? best.fp32() : best.run();
        return data(new Subject(bits, cells, run, best.memory(), best.provenance(), List.of()), studies, best, sweeps);
    }

    private static int compare(StudyNotes study, Trial a, Trial b) {
        if (a.feasible() != b.feasible()) {
            return a.feasible() ? -1 : 1;
        }
        return a.feasible()
                ? Double.compare(objective(study, a), objective(study, b))
                : -Double.compare(
                        a.measurement().validationAccuracy(), b.measurement().validationAccuracy());
    }

    /** Of a saved model, and of studies beside it. */
    public static ReportData of(SavedModel model, List<StudyNotes> studies, Sweeps sweeps) {
        Origin whole = Origin.of(model);
        studies.forEach(study -> Origin.of(study).requireOf(whole));
        Origin.of(sweeps).requireOf(whole);
        return data(
                new Subject(model.bits(), model.cells(), model.metrics(), null, model.provenance(), model.ranges()),
                studies,
                null,
                sweeps);
    }

    /** Of a run under {@code bits} for a model of {@code cells}, which no folder keeps. */
    public static ReportData of(
            BitAssignment bits,
            List<Cell> cells,
            RunReport run,
            SavedModel.Provenance provenance,
            List<StudyNotes> studies) {
        return data(new Subject(bits, cells, run, null, provenance, List.of()), studies, null, Sweeps.NONE);
    }

    private static ReportData data(Subject subject, List<StudyNotes> studies, StudyNotes best, Sweeps sweeps) {
        String text = subject.bits() == null ? null : subject.bits().toString();
        RunReport run = subject.run();
        return new ReportData(
                run == null ? studies.getFirst().name() : run.dataset() + ", " + run.model(),
                headline(subject, best),
                text,
                studies.isEmpty() ? null : search(studies, best, text),
                subject.bits() == null ? List.of() : cells(subject.bits(), subject.cells()),
                sweeps.shown(),
                subject.provenance() == null || subject.provenance().degrees() == null
                        ? null
                        : new ReportData.Degrees(subject.provenance().degrees(), splits(subject.bits())),
                subject.ranges(),
                environment(subject, studies),
                commands(subject, studies));
    }

    private static List<Integer> splits(BitAssignment bits) {
        return bits == null
                ? List.of()
                : Arrays.stream(bits.buckets().splits()).boxed().toList();
    }

    private static List<ReportData.CellBits> cells(BitAssignment bits, List<Cell> cells) {
        List<ReportData.CellBits> list = new ArrayList<>();
        for (Cell cell : cells) {
            List<BitWidth> widths = bits.widths(cell);
            boolean one = widths.stream().distinct().count() == 1;
            for (int b = 0; b < (one ? 1 : widths.size()); b++) {
                list.add(new ReportData.CellBits(
                        cell.layer(),
                        cell.component().toString(),
                        one ? -1 : b,
                        widths.get(b).toString()));
            }
        }
        return list;
    }

    private static List<Quantity> headline(Subject subject, StudyNotes best) {
        List<Quantity> rows = new ArrayList<>();
        RunReport run = subject.run();
        if (run != null) {
            RunReport.Quantized packed = run.quantized();
            rows.add(new Quantity(
                    "Test accuracy",
                    Unit.PERCENT,
                    Value.of(run.fp32().testAccuracy()),
                    packed == null ? null : Value.of(packed.testAccuracy()),
                    run.seeds() == 1 ? "one seed" : "mean and standard deviation of " + run.seeds() + " seeds"));
            if (packed != null || best == null) {
                rows.add(new Quantity(
                        "Validation accuracy",
                        Unit.PERCENT,
                        Value.of(run.fp32().validationAccuracy()),
                        packed == null ? null : Value.of(packed.validationAccuracy()),
                        null));
            }
        }
        if (best != null && (run == null || run.quantized() == null)) {
            rows.add(new Quantity(
                    "Validation accuracy",
                    Unit.PERCENT,
                    Value.of(best.fp32ValidationAccuracy()),
                    Value.of(best.best().measurement().validationAccuracy()),
                    "of the chosen trial, fine-tuned as briefly as trials are"));
        }
        Sizes sizes = Sizes.of(subject);
        rows.add(size(
                "Payload",
                sizes,
                s -> s.fp32,
                s -> s.payload,
                "embedding and attention cells, their bits alone, every feature counted"));
        rows.add(size(
                "Stored",
                sizes,
                s -> s.fp32,
                s -> s.stored,
                "every packed cell as allocated: zeros of sparse features left out, padding and scales added"));
        rows.add(size(
                "Total",
                sizes,
                s -> s.fp32Total,
                s -> s.total,
                "every tensor that inference reads, graph included; fp32 features as CSR where that is less"));
        Double latency = run == null ? null : run.seconds().inference();
        Double fp32 = run == null ? null : run.seconds().fp32Inference();
        Double measured = latency != null || best == null ? latency : latency(best.best());
        rows.add(new Quantity(
                "One inference",
                Unit.SECONDS,
                fp32 == null ? null : Value.of(fp32),
                measured == null ? null : Value.of(measured),
                run == null || run.deviceDescription() == null ? null : run.deviceDescription()));
        return rows;
    }

    /** Sizes in bytes, fp32 as {@link MemoryReport} counts it for each saving. */
    private record Sizes(double fp32, double payload, double stored, double fp32Total, double total) {
        static Sizes of(Subject subject) {
            if (subject.run() != null && subject.run().memory() != null) {
                RunReport.Memory m = subject.run().memory();
                return new Sizes(
                        m.fp32Bytes(),
                        m.payloadBytes(),
                        m.storedBytes(),
                        m.savingAll() * m.totalBytes(),
                        m.totalBytes());
            }
            MemoryReport m = subject.memory();
            return m == null
                    ? null
                    : new Sizes(
                            m.fp32Bytes(),
                            m.payloadBytes(),
                            m.storedBytes(),
                            m.savingAll() * m.totalBytes(),
                            m.totalBytes());
        }
    }

    private interface Size {
        double of(Sizes sizes);
    }

    private static Quantity size(String name, Sizes sizes, Size fp32, Size chosen, String note) {
        return new Quantity(
                name,
                Unit.BYTES,
                sizes == null ? null : Value.of(fp32.of(sizes)),
                sizes == null ? null : Value.of(chosen.of(sizes)),
                note);
    }

    private static Double latency(Trial trial) {
        double seconds = trial.measurement().cost().latencySeconds();
        return Double.isNaN(seconds) ? null : seconds;
    }

    private static double objective(StudyNotes study, Trial trial) {
        return study.objective() == Objective.DROP ? drop(study, trial) : cost(study, trial);
    }

    private static double drop(StudyNotes study, Trial trial) {
        return study.fp32ValidationAccuracy() - trial.measurement().validationAccuracy();
    }

    /** What is shown beside the accuracy: the objective, but bytes where that is the drop. */
    private static double cost(StudyNotes study, Trial trial) {
        Cost cost = trial.measurement().cost();
        return study.objective() == Objective.DROP
                ? Objective.DROP.bytes(cost, study.bounds().limitInnerBytes())
                : study.objective().of(cost);
    }

    /** Refuses studies whose trials cannot stand in one figure. */
    private static void requireAlike(List<StudyNotes> studies) {
        StudyNotes first = studies.getFirst();
        for (StudyNotes study : studies) {
            requireAlike(same("data", first, study), "data", first, study);
            requireAlike(same("search.objective", first, study), "objectives", first, study);
            requireAlike(study.bounds().equals(first.bounds()), "bounds", first, study);
            if (first.objective() == Objective.LATENCY) {
                requireAlike(computer(first).equals(computer(study)), "computers", first, study);
            }
        }
    }

    private static boolean same(String key, StudyNotes first, StudyNotes study) {
        return Objects.equals(first.header().get(key), study.header().get(key));
    }

    /** What latencies are of, as far as the study tells. */
    private static List<String> computer(StudyNotes study) {
        return Arrays.asList(
                study.header().get("computer"),
                study.fp32() == null ? null : study.fp32().deviceDescription(),
                study.provenance() == null ? null : study.provenance().cpu());
    }

    private static void requireAlike(boolean alike, String what, StudyNotes first, StudyNotes study) {
        if (!alike) {
            throw new IllegalArgumentException("studies " + first.name() + " and " + study.name() + " are of different "
                    + what + ": make a page of each");
        }
    }

    /** Trials of all studies; the chosen one is the best of {@code best}, else one of the bits {@code text}. */
    private static ReportData.Search search(List<StudyNotes> studies, StudyNotes best, String text) {
        requireAlike(studies);
        StudyNotes first = best == null ? studies.getFirst() : best;
        List<ReportData.Trial> trials = new ArrayList<>();
        // One clock for all of a figure.
        boolean noted = studies.stream().allMatch(study -> study.began() != null);
        for (StudyNotes study : studies) {
            Instant start = noted ? study.began() : study.firstTrialBegan();
            String label = study.name().equals(study.strategy()) || studies.size() == 1
                    ? study.strategy()
                    : study.strategy() + " (" + study.name() + ")";
            for (Study.Entry entry : study.entries()) {
                Trial trial = entry.trial();
                String bits = study.bits(trial);
                trials.add(new ReportData.Trial(
                        label,
                        trial.number(),
                        bits,
                        trial.measurement().validationAccuracy(),
                        drop(study, trial),
                        cost(study, trial),
                        trial.measurement().storedBytes(),
                        latency(trial),
                        Duration.between(start, entry.ended()).toMillis() / 1e3,
                        trial.feasible(),
                        best == null
                                ? bits.equals(text)
                                : study.equals(best)
                                        && trial.number() == best.best().number()));
            }
        }
        String costName = switch (first.objective()) {
            case INNER -> "size without the features";
            case LATENCY -> "time of one packed inference";
            case ALL -> "size of all cells, features dense";
            case DROP ->
                first.bounds().limitInnerBytes() ? "size without the features" : "size of all cells, features dense";
        };
        return new ReportData.Search(
                costName,
                first.objective() == Objective.LATENCY ? Unit.SECONDS : Unit.BYTES,
                first.objective() == Objective.DROP,
                first.bounds().maxDrop(),
                noted
                        ? "seconds since the search began, its preparation included"
                        : "seconds since the first trial began",
                trials);
    }

    private static Map<String, String> environment(Subject subject, List<StudyNotes> studies) {
        Map<String, String> rows = new LinkedHashMap<>();
        RunReport run = subject.run();
        if (run != null) {
            rows.put("data", run.dataset() + " (" + run.split() + ")");
            rows.put("model", run.model());
            rows.put("device", run.deviceDescription() == null ? run.device() : run.deviceDescription());
        }
        SavedModel.Provenance where = subject.provenance();
        if (where != null) {
            if (where.cpu() != null && !where.cpu().isEmpty()) {
                rows.put("CPU", where.cpu());
            }
            rows.put("system", where.os());
            rows.put("Java", where.java());
            rows.put("sgquant", where.sgquant());
            rows.put("made", where.created());
            rows.put("SHA-256 of the data", where.dataSha256());
        }
        for (StudyNotes study : studies) {
            rows.put(
                    "search " + study.name(),
                    study.header().get("search.strategy") + ", seed "
                            + study.header().get("search.seed") + ", objective " + study.objective() + ", bounds "
                            + study.header().get("search.bounds") + ", "
                            + study.entries().size() + " trials, "
                            + study.entries().stream()
                                    .map(Study.Entry::worker)
                                    .distinct()
                                    .count() + " workers" + build(study, where));
        }
        return rows;
    }

    /** What measured the trials, where it is not what the page names anyway. */
    private static String build(StudyNotes study, SavedModel.Provenance where) {
        String code = study.header().get("code");
        return code == null || (where != null && code.equals(where.sgquant())) ? "" : ", sgquant " + code;
    }

    private static List<String> commands(Subject subject, List<StudyNotes> studies) {
        return Stream.concat(
                        Stream.ofNullable(subject.provenance()),
                        studies.stream().map(StudyNotes::provenance).filter(Objects::nonNull))
                .map(SavedModel.Provenance::command)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }
}
