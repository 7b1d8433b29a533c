package org.sgquant.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sgquant.experiment.Predictions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A class for every node. */
@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        description = "Write node,label,probability for every node, in the order of the input.")
final class PredictCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Folder written by run, quantize or train with -o.")
    Path folder;

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "csv file (default: standard output).")
    Path output;

    @Override
    public Integer call() {
        Console console = common.console();
        try (LoadedModel loaded = new LoadedModel(folder, common, data, spec, console)) {
            String csv = csv(loaded.predictor().logits());
            if (output == null) {
                System.out.print(csv);
            } else {
                Files.writeString(output, csv);
                console.info("predictions of " + loaded.dataset().numNodes() + " nodes written to " + output);
            }
            return ExitCode.OK;
        } catch (IOException e) {
            throw new UncheckedIOException(output + ": cannot be written: " + e.getMessage(), e);
        }
    }

    private static String csv(float[][] logits) {
        StringBuilder out = new StringBuilder("node,label,probability\n");
        for (int node = 0; node < logits.length; node++) {
            int label = Predictions.argmax(logits[node]);
            out.append(
                    String.format(Locale.ROOT, "%d,%d,%.6f%n", node, label, Predictions.softmax(logits[node])[label]));
        }
        return out.toString();
    }
}
