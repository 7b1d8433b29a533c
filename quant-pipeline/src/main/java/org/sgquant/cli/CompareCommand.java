package org.sgquant.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.Json;
import org.sgquant.report.MarkdownTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Several assignments side by side on the same trained models. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = "Fine-tune and pack the same trained models under several bit assignments; print a Markdown"
                + " table.")
final class CompareCommand implements Callable<Integer> {

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Option(
            names = {"-b", "--bits"},
            paramLabel = "NAME:BITS",
            description = "A row of the table, such as 'CWQ:message=8 embedding=4'; give it as often as wanted"
                    + " (default: uniform 8, 4, 2, 1 and one each of LWQ, CWQ, TAQ).")
    List<String> rows = List.of();

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 10;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds, seeds)) {
            Map<String, BitAssignment> assignments = new LinkedHashMap<>();
            if (model.named().bits() != null) {
                assignments.put("recipe", pipeline.parse(model.named().bits()));
            }
            for (String row : rows.isEmpty() ? defaultRows(pipeline.quartiles().count()) : rows) {
                int colon = row.indexOf(':');
                if (colon < 1) {
                    throw new IllegalArgumentException("--bits '" + row + "' is not of the form NAME:BITS");
                }
                if (assignments.put(row.substring(0, colon), pipeline.parse(row.substring(colon + 1))) != null) {
                    throw new IllegalArgumentException(
                            "--bits: the name '" + row.substring(0, colon) + "' is twice there");
                }
            }
            pipeline.train();
            pipeline.compare(assignments);
            System.out.println(common.json ? Json.write(pipeline.report()) : MarkdownTable.of(pipeline.report()));
            return ExitCode.OK;
        }
    }

    /** The granularities of SGQuant; a graph whose quartiles coincide has fewer buckets, or none. */
    private static List<String> defaultRows(int buckets) {
        List<String> defaults = new ArrayList<>(List.of(
                "uniform 8:8",
                "uniform 4:4",
                "uniform 2:2",
                "uniform 1:1",
                "LWQ:L1=4 L2=8 L1.embedding=1",
                "CWQ:embedding=4 message=8 weight=4 L1.embedding=1"));
        if (buckets > 1) {
            String widths = List.of(8, 4, 4, 2).subList(0, buckets).toString().replace(" ", "");
            defaults.add("TAQ:4 embedding=" + widths + " message=" + widths + " L1.embedding=1 @quartiles");
        }
        return defaults;
    }
}
