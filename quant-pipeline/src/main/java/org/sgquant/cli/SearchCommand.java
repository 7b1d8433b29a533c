package org.sgquant.cli;

import java.util.concurrent.Callable;
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

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        search.apply(model.named().search(), model::isGiven);
        search.check();
        model.noteUnusedBits(common.console());
        try (Pipeline pipeline = new Pipeline(common, data, model, search.trialSeeds, Integer.MAX_VALUE)) {
            pipeline.train();
            pipeline.search(search);
            System.out.println(common.json ? Json.write(pipeline.report()) : TextReport.of(pipeline.report()));
            return ExitCode.OK;
        }
    }
}
