package org.sgquant.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sgquant.data.Dataset;
import org.sgquant.data.FormatException;
import org.sgquant.experiment.Predictions;
import org.sgquant.experiment.Predictor;
import org.sgquant.experiment.SavedModel;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.train.Metrics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Packed inference of a saved model, checked against what was saved. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Load a saved model, run packed inference, and check accuracy and codes against those saved.")
final class EvalCommand implements Callable<Integer> {

    /** What {@code eval --json} prints; accuracies in percent. */
    record Evaluation(
            String model,
            String dataset,
            String device,
            String bits,
            long seed,
            double testAccuracy,
            double validationAccuracy,
            boolean trainingData,
            boolean codesMatch,
            Map<String, String> codesSha256) {}

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Folder written by run, quantize or train with -o.")
    Path folder;

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Override
    public Integer call() {
        try (LoadedModel loaded = new LoadedModel(folder, common, data, spec, common.console())) {
            Predictor predictor = loaded.predictor();
            float[][] logits = predictor.logits();
            int[] labels = loaded.dataset().labels();
            requireLabels(loaded, logits);
            Metrics test =
                    Predictions.metrics(logits, labels, loaded.dataset().split().test());
            Metrics validation =
                    Predictions.metrics(logits, labels, loaded.dataset().split().validation());
            Map<String, String> codes = predictor.codesSha256();
            boolean match = codes.equals(predictor.saved().metrics().codesSha256());
            Evaluation evaluation = new Evaluation(
                    folder.toString(),
                    loaded.dataset().name(),
                    predictor.backend().name(),
                    predictor.saved().recipe().bits(),
                    predictor.saved().provenance().seed(),
                    test.accuracy(),
                    validation.accuracy(),
                    predictor.isTrainingData(),
                    match,
                    codes);
            System.out.println(common.json ? Json.write(evaluation) : text(evaluation));
            if (predictor.isTrainingData() && !match) {
                System.err.println("sgquant: " + folder
                        + ": the codes of packed inference differ from the codesSha256 that were saved");
                return ExitCode.FAILED;
            }
            Double saved = savedTestAccuracy(predictor.saved());
            if (predictor.isTrainingData() && saved != null && saved != test.accuracy()) {
                System.err.printf(
                        "sgquant: %s: the test accuracy is %.4f, but %.4f was saved%n", folder, test.accuracy(), saved);
                return ExitCode.FAILED;
            }
            return ExitCode.OK;
        }
    }

    /** Test accuracy that packed inference had for the saved seed, null where none was recorded. */
    private static Double savedTestAccuracy(SavedModel saved) {
        RunReport metrics = saved.metrics();
        int index = Math.toIntExact(saved.provenance().seed() - metrics.firstSeed());
        return metrics.quantized() == null
                ? null
                : metrics.quantized().testAccuracy().values().get(index);
    }

    private static void requireLabels(LoadedModel loaded, float[][] logits) {
        Dataset data = loaded.dataset();
        if (data.split().test().length == 0) {
            throw new IllegalArgumentException(
                    data.name() + ": no test node is labelled, so there is no accuracy; use predict, or give --labels");
        }
        if (logits.length > 0 && data.numClasses() > logits[0].length) {
            throw new FormatException(
                    data.name(), "labels", data.numClasses() + " classes", "at most the model's " + logits[0].length);
        }
    }

    private static String text(Evaluation e) {
        StringBuilder out = new StringBuilder();
        out.append("%s on %s (%s): test %.2f %%, validation %.2f %%, bits %s%n"
                .formatted(e.model(), e.dataset(), e.device(), e.testAccuracy(), e.validationAccuracy(), e.bits()));
        out.append(
                !e.trainingData()
                        ? "another graph than the one it was trained on"
                        : e.codesSha256().isEmpty()
                                ? "no packed tensors: every cell is 32 bits"
                                : e.codesMatch()
                                        ? "every packed tensor equals the saved one"
                                        : "codes DIFFER from those saved");
        e.codesSha256().forEach((cell, sum) -> out.append("%n  %-14s %s".formatted(cell, sum)));
        return out.toString();
    }
}
