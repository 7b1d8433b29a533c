package org.sgquant.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.experiment.Reports;
import org.sgquant.report.Json;
import org.sgquant.report.TextReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The bit search alone. */
@Command(
        name = "search",
        mixinStandardHelpOptions = true,
        description = "Search the bit assignment of least stored bytes within a validation drop.")
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

    @Override
    public Integer call() {
        search.check();
        page.check();
        try (Pipeline pipeline = new Pipeline(common, data, model, search.trialSeeds, Integer.MAX_VALUE)) {
            pipeline.train();
            pipeline.search(search);
            page.write(() -> Reports.of(List.of(search.notes()), List.of()));
            System.out.println(common.json ? Json.write(pipeline.report()) : TextReport.of(pipeline.report()));
            return ExitCode.OK;
        }
    }
}
