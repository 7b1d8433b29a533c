package org.sgquant.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.MemoryReport;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.search.Bounds;
import org.sgquant.search.Objective;
import org.sgquant.search.SearchResult;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import org.sgquant.search.Trial;
import org.sgquant.tensor.BitWidth;

/**
 * What a report needs of a search beside its trials, kept in the study: where it comes from, the fp32 models, the cells
 * of the space, and sizes and results of assignments that were chosen.
 *
 * @param name what the study is called in a report
 * @param provenance null where it was not recorded, as the next three
 * @param fp32 of the models that the search started from
 * @param space what the dimensions of the search are
 * @param memory of the best trial
 * @param run fine-tuned and evaluated under the bits of the best trial
 * @param best null where no trial has ended
 */
public record StudyNotes(
        String name,
        Map<String, String> header,
        List<Study.Entry> entries,
        SavedModel.Provenance provenance,
        RunReport fp32,
        Space space,
        MemoryReport memory,
        RunReport run,
        Trial best) {

    private static final String PROVENANCE = "report.provenance";
    private static final String FP32 = "report.fp32";
    private static final String SPACE = "report.space";
    private static final String MEMORY = "report.memory ";
    private static final String RUN = "report.run ";

    /** Dimensions of a search as {@code L1.message} or {@code L1.message[0]}, and the borders between degree buckets. */
    public record Space(List<String> cells, List<Integer> splits) {

        /** The assignment that one width per dimension stands for. */
        public BitAssignment assignment(List<Integer> bits) {
            Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
            for (int i = 0; i < cells.size(); i++) {
                widths.computeIfAbsent(Cell.parse(cells.get(i).replaceFirst("\\[.*", "")), c -> new ArrayList<>())
                        .add(BitWidth.ofId(bits.get(i)));
            }
            return BitAssignment.of(
                    widths,
                    new DegreeBuckets(splits.stream().mapToInt(split -> split).toArray()));
        }
    }

    /** Notes what the search is about, unless another worker has. */
    public static void about(Study study, SavedModel.Provenance provenance, RunReport fp32, Space space) {
        once(study, PROVENANCE, () -> provenance);
        once(study, FP32, () -> fp32);
        once(study, SPACE, () -> space);
    }

    /** Notes the sizes of an assignment that was chosen. */
    public static void memory(Study study, BitAssignment bits, Supplier<MemoryReport> memory) {
        once(study, MEMORY + bits, memory);
    }

    /** Notes what became of an assignment that was chosen. */
    public static void run(Study study, BitAssignment bits, RunReport report) {
        once(study, RUN + bits, () -> report);
    }

    private static <T> void once(Study study, String key, Supplier<T> value) {
        study.once(key, () -> Json.write(value.get()).getBytes(StandardCharsets.UTF_8));
    }

    private static <T> T find(Study study, String name, String key, Class<T> type) {
        return study.find(key)
                .map(bytes -> Json.parse(name + ", " + key, new String(bytes, StandardCharsets.UTF_8), type))
                .orElse(null);
    }

    /** The studies in {@code files}, named after them; those of equal names by their whole paths. */
    public static List<StudyNotes> read(List<Path> files) {
        List<String> names = files.stream().map(StudyNotes::name).toList();
        List<StudyNotes> studies = new ArrayList<>();
        for (Path file : files) {
            boolean alone = Collections.frequency(names, name(file)) == 1;
            studies.add(read(file, alone ? name(file) : file.normalize().toString()));
        }
        if (files.stream().map(StudyNotes::real).distinct().count() < files.size()) {
            throw new IllegalArgumentException("a study is given twice: " + files);
        }
        return studies;
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            throw new StudyException(file + ": the study cannot be looked at: " + e.getMessage(), e);
        }
    }

    /** A study without a finished trial is refused. */
    private static StudyNotes read(Path file, String name) {
        if (!Files.isRegularFile(file)) {
            throw new StudyException(file + ": there is no such study or model");
        }
        try (Study study = Study.look(file)) {
            StudyNotes notes = of(name, study);
            if (notes.best == null) {
                throw new StudyException(file + ": no trial of the study has ended yet, so there is nothing to report");
            }
            return notes;
        }
    }

    /** What a study is called that is kept in {@code file}. */
    public static String name(Path file) {
        return file.getFileName().toString().replaceFirst("\\.[^.]+$", "");
    }

    /** What is in {@code study} now, without trials beyond those that the last run asked for, which are none of its own. */
    public static StudyNotes of(String name, Study study) {
        Map<String, String> header = study.header();
        List<Study.Entry> entries = study.askedEntries();
        Space space = find(study, name, SPACE, Space.class);
        Trial best = best(header, entries).orElse(null);
        String bits = space == null || best == null
                ? ""
                : space.assignment(best.bits()).toString();
        return new StudyNotes(
                name,
                header,
                entries,
                find(study, name, PROVENANCE, SavedModel.Provenance.class),
                find(study, name, FP32, RunReport.class),
                space,
                find(study, name, MEMORY + bits, MemoryReport.class),
                find(study, name, RUN + bits, RunReport.class),
                best);
    }

    private static Optional<Trial> best(Map<String, String> header, List<Study.Entry> entries) {
        String objective = header.get("search.objective");
        if (objective == null) {
            return Optional.empty();
        }
        Objective least = Objective.of(objective);
        return SearchResult.best(
                entries.stream().map(Study.Entry::trial).toList(),
                trial -> least == Objective.DROP
                        ? -trial.measurement().validationAccuracy()
                        : least.of(trial.measurement().cost()));
    }

    public Objective objective() {
        return Objective.of(header.get("search.objective"));
    }

    /** Strategy by its bare name, without settings. */
    public String strategy() {
        return header.get("search.strategy").replaceFirst("[^A-Za-z-].*", "");
    }

    public double fp32ValidationAccuracy() {
        return Double.parseDouble(header.get("search.fp32ValidationAccuracy"));
    }

    public Bounds bounds() {
        return Bounds.parse(header.get("search.bounds"));
    }

    /** When the search began to prepare, null where it was not noted. */
    Instant began() {
        String began = header.get(Study.BEGAN);
        return began == null ? null : Instant.parse(began);
    }

    /** When the first trial began. */
    Instant firstTrialBegan() {
        return entries.stream()
                .map(e -> e.ended()
                        .minus(Duration.ofNanos((long) (e.trial().measurement().seconds() * 1e9))))
                .min(Instant::compareTo)
                .orElseThrow();
    }

    /** Canonical text of a trial's assignment; where the space was not noted, its widths in the order of the search. */
    String bits(Trial trial) {
        return space == null ? trial.names() : space.assignment(trial.bits()).toString();
    }
}
