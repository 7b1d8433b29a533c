package org.sgquant.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.data.Datasets;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Models;
import org.sgquant.experiment.Recipe;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.report.Json;
import org.sgquant.reproduce.Ledger;
import org.sgquant.reproduce.Outcome;
import org.sgquant.reproduce.Plan;
import org.sgquant.reproduce.Reporter;
import org.sgquant.reproduce.Reproduction;
import org.sgquant.reproduce.Subject;
import org.sgquant.reproduce.TableFiles;
import org.sgquant.reproduce.TableReport;
import org.sgquant.reproduce.Tables;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A named table of results: run what is missing, write all of it. */
@Command(
        name = "reproduce",
        mixinStandardHelpOptions = true,
        description = "Run a named table (dataset, model, method and bits over seeds); write it as Markdown, CSV and"
                + " JSON. A run that was stopped is continued; several processes may share the work.")
final class ReproduceCommand implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "A table of --list, or a YAML file of your own.")
    String name;

    @Option(names = "--list", description = "List the tables.")
    boolean list;

    @Option(names = "--yaml", description = "Print the table's YAML, to start one of your own from.")
    boolean yaml;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: as the table says).")
    Integer seeds;

    @Option(
            names = "--only",
            paramLabel = "ROW",
            description = "Run only rows whose name contains this; give it as often as wanted.")
    List<String> only = List.of();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "Folder of NAME.md, NAME.csv, NAME.json, and of NAME.sqlite, which keeps every result"
                    + " (default: ${DEFAULT-VALUE}).")
    Path output = Path.of("reproduced");

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Folder with datasets; else $SGQUANT_DATA, else the cache folder.")
    Path dataDir;

    @Option(names = "--download", description = "Fetch datasets that are not found from their publishers.")
    boolean download;

    @Mixin
    CommonOptions common;

    @Override
    public Integer call() {
        if (list) {
            System.out.println(listing());
            return ExitCode.OK;
        }
        if (name == null) {
            throw new IllegalArgumentException(
                    "name a table: " + String.join(", ", Tables.names()) + ", or a YAML file");
        }
        if (yaml) {
            System.out.print(Tables.text(name));
            return ExitCode.OK;
        }
        Tables.Named table = Tables.open(name);
        int count = seeds == null ? table.table().seeds() : seeds;
        if (count < 1) {
            throw new IllegalArgumentException("--seeds must be at least 1, got " + count);
        }
        CommonOptions.Device device = common.describeDevice(Console.SILENT);
        makeOutput();
        DatasetOptionsGroup data = new DatasetOptionsGroup();
        data.dataDir = dataDir;
        data.download = download;
        Console console = common.console();
        Datasets datasets = Datasets.standard(dataDir);
        try (Plan plan = new Plan(
                        table,
                        model -> defaults(model, data),
                        only,
                        common.libraries(),
                        common.seed,
                        count,
                        d -> d.edges() != null || datasets.isThere(d.name()),
                        d -> open(d, datasets, data, console));
                Ledger ledger = Ledger.open(output.resolve(table.name() + ".sqlite"))) {
            return reproduce(plan, ledger, device, console, count);
        }
    }

    private int reproduce(Plan plan, Ledger ledger, CommonOptions.Device device, Console console, int count) {
        Reporter reporter = new Reporter(plan, ledger);
        Reporter.Making making = new Reporter.Making(Version.text(), machine(), command(count));
        try (Console.Progress progress = console.progress("reproduce", plan.missing(ledger))) {
            new Reproduction(plan, ledger, this::lanes, device.description(), listener(progress, console))
                    .run(() -> TableFiles.write(output, reporter.report(making, Instant.now())));
        }
        TableReport report = reporter.report(making, Instant.now());
        TableFiles.write(output, report);
        System.out.print(common.json ? Json.write(report) + "\n" : TableFiles.markdown(report));
        long failed = report.rows().stream().mapToLong(r -> r.failed().size()).sum();
        if (failed > 0) {
            System.err.println("sgquant: " + failed + " seeds have no result; the table says why");
            return ExitCode.FAILED;
        }
        return ExitCode.OK;
    }

    /** What the command line gives for {@code model} where no option says otherwise; for the default one given null. */
    static Recipe defaults(String model, DatasetOptionsGroup data) {
        return Recipe.defaults(data.recipe(), model == null ? Models.names().get(0) : model, 0);
    }

    static Subject open(Recipe.Data data, Datasets datasets, DatasetOptionsGroup options, Console console) {
        return data.edges() == null && Datasets.isCollection(data.name())
                ? new Subject.Graphs(datasets.openCollection(data.name()))
                : new Subject.Nodes(options.open(data, console));
    }

    private Lanes lanes(Subject subject) {
        return switch (subject) {
            case Subject.Nodes nodes -> common.lanes(nodes.dataset(), Integer.MAX_VALUE);
            case Subject.Graphs graphs -> common.lanes(Integer.MAX_VALUE);
        };
    }

    private static Reproduction.Listener listener(Console.Progress progress, Console console) {
        return new Reproduction.Listener() {
            @Override
            public void trained(String label, Outcome outcome) {
                console.detail("trained " + label + ": " + result(outcome));
            }

            @Override
            public void finished(String label, Outcome outcome) {
                progress.step(label);
                console.detail("finished " + label + ": " + result(outcome));
            }
        };
    }

    private static String result(Outcome outcome) {
        return outcome.problem() != null
                ? outcome.problem()
                : "validation %.2f, test %.2f".formatted(outcome.validation(), outcome.test());
    }

    private static String listing() {
        StringBuilder text = new StringBuilder();
        for (String known : Tables.names()) {
            Tables.Named table = Tables.open(known);
            text.append("%-14s %2d rows, %d seeds: %s%n"
                    .formatted(
                            known,
                            table.table().rows().size(),
                            table.table().seeds(),
                            table.table().title()));
        }
        return text.toString().stripTrailing();
    }

    /** The command that makes the whole table: what another machine needs to be told. */
    private String command(int count) {
        return "sgquant reproduce " + name + " --seeds " + count + (common.seed == 0 ? "" : " --seed " + common.seed)
                + (common.device.equals("auto") ? "" : " --device " + common.device)
                + (common.dense.equals(DenseLibrary.OWN) ? "" : " --dense " + common.dense)
                + (common.sparse.equals(DenseLibrary.OWN) ? "" : " --sparse " + common.sparse);
    }

    private static String machine() {
        return "%d cores, %s %s, JDK %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.arch"),
                        Runtime.version());
    }

    private void makeOutput() {
        try {
            Files.createDirectories(output);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "--output " + output + ": the folder cannot be made ("
                            + e.getClass().getSimpleName() + ")",
                    e);
        }
    }
}
