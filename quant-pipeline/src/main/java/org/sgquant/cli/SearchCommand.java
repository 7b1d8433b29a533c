package org.sgquant.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.experiment.Reports;
import org.sgquant.experiment.Sweeps;
import org.sgquant.report.Json;
import org.sgquant.report.TextReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The bit search alone. */
@Command(
        name = "search",
        mixinStandardHelpOptions = true,
        description =
                "Search the bit assignment that makes bytes, latency or the validation drop least within bounds of the"
                        + " others. Several processes, also of other shells with --resume, may work on one study.")
final class SearchCommand implements Callable<Integer> {

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    SearchOptions search;

    @Mixin
    ReportOptions page;

    @Option(
            names = "--max-drop",
            paramLabel = "POINTS",
            description = "Largest validation drop (default: 0.3; none where the drop is the objective).")
    Double maxDrop;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        search.maxDrop = maxDrop;
        search.apply(model.named().search(), model::isGiven);
        search.check();
        page.check(search.study);
        search.share(common);
        model.noteUnusedBits(common.console());
        try (Pipeline pipeline = new Pipeline(common, data, model, search.trialSeeds, Integer.MAX_VALUE)) {
            pipeline.search(search, Sgquant.arguments(spec));
            if (search.isWorker()) {
                return ExitCode.OK;
            }
            System.out.println(common.json ? Json.write(pipeline.report()) : TextReport.of(pipeline.report()));
            page.write(() -> Reports.of(List.of(search.notes()), Sweeps.NONE));
            if (!pipeline.isWithinBounds()) {
                System.err.println("sgquant: no trial is within the bounds; the bits are those of least drop");
                return ExitCode.GATE_MISSED;
            }
            return ExitCode.OK;
        }
    }
}
