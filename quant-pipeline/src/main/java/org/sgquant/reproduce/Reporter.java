package org.sgquant.reproduce;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.sgquant.report.RunReport.Accuracy;
import org.sgquant.reproduce.TableReport.Beside;
import org.sgquant.reproduce.TableReport.Check;
import org.sgquant.reproduce.TableReport.Line;
import org.sgquant.reproduce.TableReport.Sizes;

/** Makes the report of a table from what its ledger holds. */
public final class Reporter {

    private static final String PROTOCOL = "Test accuracy in % at the checkpoint of best validation accuracy (ties:"
            + " lower validation loss), mean ± sample standard deviation over seeds; test labels decide nothing. Packed"
            + " figures come from packed inference: the integers are stored and summed as they are. Bits per value:"
            + " *avg* " + Accounting.SGQUANT.words() + ", *all* " + Accounting.ALL.words() + ", *inner* "
            + Accounting.INNER.words() + ", *inner stored* " + Accounting.INNER_STORED.words()
            + "; tensors left at 32 bits count as such. Savings are against the same embeddings and attention at 32"
            + " bits: payload by their codes, stored by everything stored.";

    private final Plan plan;
    private final Ledger ledger;

    public Reporter(Plan plan, Ledger ledger) {
        this.plan = plan;
        this.ledger = ledger;
    }

    /** Who makes the table, on what, by which command. */
    public record Making(String sgquant, String machine, String command) {}

    /** The report of all rows as far as they have results. */
    public TableReport report(Making making, Instant now) {
        Table table = plan.table().table();
        List<Line> lines = plan.rows().stream().map(this::line).toList();
        return new TableReport(
                plan.table().name(),
                table.title(),
                table.head().strip(),
                PROTOCOL + splits(),
                now.truncatedTo(ChronoUnit.SECONDS).toString(),
                making.sgquant(),
                making.machine(),
                devices(),
                making.command(),
                plan.seeds(),
                plan.firstSeed(),
                lines,
                meanDrop(table),
                accountings(table),
                table.notes());
    }

    private String splits() {
        String splits = plan.rows().stream()
                .map(PlannedRow::subject)
                .filter(Objects::nonNull)
                .map(subject -> subject.name() + " " + subject.split())
                .distinct()
                .collect(Collectors.joining("; "));
        return splits.isEmpty() ? "" : " Splits: " + splits + ".";
    }

    private List<String> devices() {
        return plan.rows().stream()
                .flatMap(row -> outcomes(row, true).stream())
                .map(Outcome::device)
                .distinct()
                .sorted()
                .toList();
    }

    private static Map<String, String> accountings(Table table) {
        EnumSet<Accounting> used = EnumSet.noneOf(Accounting.class);
        table.rows()
                .forEach(row -> row.published().stream()
                        .map(Table.Published::accounting)
                        .filter(Objects::nonNull)
                        .forEach(used::add));
        Map<String, String> words = new LinkedHashMap<>();
        used.forEach(a -> words.put(a.toString(), a.words()));
        return words;
    }

    private Check meanDrop(Table table) {
        if (table.meanDrop() == null) {
            return null;
        }
        List<Line> packed = plan.rows().stream()
                .filter(row -> !row.row().optional())
                .map(this::line)
                .filter(l -> l.bits() != null)
                .toList();
        boolean complete = packed.stream().allMatch(l -> l.finished() == plan.seeds() && l.drop() != null);
        Double mean = packed.isEmpty() || !complete
                ? null
                : packed.stream().mapToDouble(Line::drop).average().orElseThrow();
        return Check.of("mean drop", false, table.meanDrop(), mean);
    }

    /** Results of a row by seed, failed ones among them; of the training it starts from where {@code fp32}. */
    private List<Outcome> outcomes(PlannedRow row, boolean fp32) {
        return plan.units(row).stream()
                .map(unit -> outcome(unit, fp32))
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<Outcome> outcome(PlannedRow.Unit unit, boolean fp32) {
        return ledger.find(fp32 ? unit.trainingKey() : unit.key()).map(Reproduction::outcome);
    }

    private Line line(PlannedRow planned) {
        Table.Row row = planned.row();
        List<Outcome> all = outcomes(planned, false);
        List<Outcome> good = all.stream().filter(Outcome::succeeded).toList();
        List<Outcome> packed = row.bits() == null ? List.of() : good;
        Accuracy fp32 = accuracy(
                outcomes(planned, true).stream().filter(Outcome::succeeded).toList());
        Sizes sizes = packed.isEmpty() ? null : sizes(packed);
        Double drop = packed.isEmpty() ? null : drop(planned);
        Accuracy packedAccuracy = accuracy(packed);
        List<Check> checks = checks(row.target(), fp32, row.bits() == null ? fp32 : packedAccuracy, drop, sizes);
        boolean complete = good.size() == plan.seeds();
        return new Line(
                row.name(),
                planned.recipe().dataset().name(),
                planned.subject() == null ? null : planned.subject().split(),
                planned.recipe().model().name(),
                planned.bits() == null ? row.bits() : planned.bits().toString(),
                good.size(),
                all.stream().filter(o -> !o.succeeded()).map(Outcome::problem).toList(),
                fp32,
                packedAccuracy,
                drop,
                sizes,
                packed.isEmpty() ? null : packed.get(0).packing().aggregated(),
                inferenceMs(packed),
                checks,
                (complete && checks != null) ? checks.stream().allMatch(Check::reached) : null,
                row.published().stream().map(p -> beside(p, packed)).toList());
    }

    private static Accuracy accuracy(List<Outcome> outcomes) {
        return outcomes.isEmpty()
                ? null
                : Accuracy.of(outcomes.stream().map(Outcome::test).toList());
    }

    /** Mean over the seeds that have both results, null where none has. */
    private Double drop(PlannedRow row) {
        List<Double> drops = new ArrayList<>();
        for (PlannedRow.Unit unit : plan.units(row)) {
            Optional<Outcome> packed = outcome(unit, false).filter(Outcome::succeeded);
            Optional<Outcome> fp32 = outcome(unit, true).filter(Outcome::succeeded);
            if (packed.isPresent() && fp32.isPresent()) {
                drops.add(fp32.get().test() - packed.get().test());
            }
        }
        return drops.isEmpty() ? null : Accuracy.of(drops).mean();
    }

    private static Sizes sizes(List<Outcome> packed) {
        return new Sizes(
                bits(packed, Accounting.SGQUANT),
                bits(packed, Accounting.ALL),
                bits(packed, Accounting.INNER),
                bits(packed, Accounting.INNER_STORED),
                mean(packed, p -> p.memory().storedBytes()),
                mean(packed, p -> p.memory().totalBytes()),
                mean(packed, p -> p.memory().peakBytes()),
                mean(packed, p -> p.memory().savingPayload()),
                mean(packed, p -> p.memory().savingStored()));
    }

    /** Mean over the seeds: bits that are learned differ from seed to seed. */
    private static Double bits(List<Outcome> packed, Accounting accounting) {
        return packed.isEmpty() || accounting.bits(packed.get(0).packing().cells()) == null
                ? null
                : mean(packed, p -> accounting.bits(p.cells()));
    }

    private static double mean(List<Outcome> packed, ToDoubleFunction<Outcome.Packing> value) {
        return packed.stream()
                .mapToDouble(o -> value.applyAsDouble(o.packing()))
                .average()
                .orElseThrow();
    }

    private static Double inferenceMs(List<Outcome> packed) {
        return packed.stream()
                .map(o -> o.packing().inferenceSeconds())
                .filter(Objects::nonNull)
                .findFirst()
                .map(s -> s * 1e3)
                .orElse(null);
    }

    private static Beside beside(Table.Published figure, List<Outcome> packed) {
        return new Beside(figure, figure.accounting() == null ? null : bits(packed, figure.accounting()));
    }

    private static List<Check> checks(Table.Target target, Accuracy fp32, Accuracy accuracy, Double drop, Sizes sizes) {
        if (target == null) {
            return null;
        }
        List<Check> checks = new ArrayList<>();
        add(checks, "fp32 test %", true, target.fp32(), fp32 == null ? null : fp32.mean());
        add(checks, "test %", true, target.accuracy(), accuracy == null ? null : accuracy.mean());
        add(checks, "drop", false, target.drop(), drop);
        add(checks, "bits all", false, target.bitsAll(), sizes == null ? null : sizes.bitsAll());
        add(checks, "bits inner", false, target.bitsInner(), sizes == null ? null : sizes.bitsInner());
        add(
                checks,
                "bits inner stored",
                false,
                target.bitsInnerStored(),
                sizes == null ? null : sizes.bitsInnerStored());
        add(checks, "saving payload", true, target.savingPayload(), sizes == null ? null : sizes.savingPayload());
        add(checks, "saving stored", true, target.savingStored(), sizes == null ? null : sizes.savingStored());
        return checks;
    }

    private static void add(List<Check> checks, String what, boolean atLeast, Double bound, Double ours) {
        if (bound != null) {
            checks.add(Check.of(what, atLeast, bound, ours));
        }
    }
}
