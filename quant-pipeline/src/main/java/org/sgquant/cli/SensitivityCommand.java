package org.sgquant.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.report.Json;
import org.sgquant.report.SensitivityReport;
import org.sgquant.tensor.BitWidth;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which cells a model cannot do without. */
@Command(
        name = "sensitivity",
        mixinStandardHelpOptions = true,
        description = "Measure what each cell's width costs: this cell alone quantized, and all cells but this one.",
        footerHeading = "%nColumns:%n",
        footer = {
            "  only this, all but it: points of validation accuracy lost, by packed inference without fine-tuning;",
            "  cells that are not quantized stay at 16 bits. divergence: KL of the predictions from those in fp32,",
            "  this cell alone quantized. curvature: the same as HAWQ-V2 predicts it, from the Fisher trace; fisher:",
            "  from its diagonal, each entry's own curvature times its own squared error."
        })
final class SensitivityCommand implements Callable<Integer> {

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Option(names = "--seeds", paramLabel = "N", description = "Models to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 1;

    @Option(
            names = "--widths",
            paramLabel = "Q",
            split = ",",
            converter = WidthConverter.class,
            description = "Widths to measure, as 4,e4m3 (default: ${DEFAULT-VALUE}).")
    List<BitWidth> widths = TrialOptions.widths(1, 2, 4, 8);

    @Option(names = "--quartiles", description = "One row per degree quartile of each cell.")
    boolean quartiles;

    @Override
    public Integer call() {
        if (widths.stream().noneMatch(BitWidth::isPacked)) {
            throw new IllegalArgumentException("--widths " + widths + " quantize nothing: give a width below 32");
        }
        WidthConverter.requireDistinct("--widths", widths);
        model.applyRecipe(common, data);
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds, seeds)) {
            pipeline.requireAffine("sensitivity");
            pipeline.train();
            SensitivityReport report = pipeline.sensitivity(TrialOptions.ids(widths), quartiles);
            System.out.println(common.json ? Json.write(report) : report.text());
            return ExitCode.OK;
        }
    }
}
