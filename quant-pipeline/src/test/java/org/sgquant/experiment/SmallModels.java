package org.sgquant.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.RunReport;

/** Models trained for a moment on {@link SyntheticCitationGraph#SMALL}. */
final class SmallModels {

    private SmallModels() {}

    /** 40 epochs of training, 3 of fine-tuning. */
    static Recipe recipe(boolean edgeNorm, String order, String bits) {
        return recipe(edgeNorm, order, bits, "row", "column");
    }

    /** The same with other granularities of the features and of what is computed from them. */
    static Recipe recipe(boolean edgeNorm, String order, String bits, String features, String inner) {
        return recipe(
                ModelSettings.of("gcn", Map.of("norm", edgeNorm ? "edge" : "folded", "order", order)),
                bits,
                features,
                inner);
    }

    static Recipe recipe(ModelSettings model, String bits) {
        return recipe(model, bits, "row", "column");
    }

    static Recipe recipe(ModelSettings model, String bits, String features, String inner) {
        return recipe(model, bits, new Recipe.Quantization(features, "rowmean", inner, "mse", "nearest", false, null));
    }

    /** A GCN with another inner calibration and other weights. */
    static Recipe recipe(
            boolean edgeNorm, String order, String bits, String calibration, Recipe.Quantization.Weights weights) {
        return recipe(
                ModelSettings.of("gcn", Map.of("norm", edgeNorm ? "edge" : "folded", "order", order)),
                bits,
                new Recipe.Quantization("row", "rowmean", "column", calibration, "nearest", false, weights));
    }

    static Recipe recipe(ModelSettings model, String bits, Recipe.Quantization quantization) {
        return new Recipe(
                new Recipe.Data("small", null, null, null, null, true, 0, 0, null),
                model,
                new Recipe.Training(40, 0.01f, 0.01f, 100),
                new Recipe.Training(3, 0.005f, 0.005f, 100),
                null,
                quantization,
                null,
                null,
                null,
                bits,
                0);
    }

    /** The same with the features stored as {@code form} says and scaled by {@code granularity}. */
    static Recipe withFeatures(Recipe r, String granularity, String form) {
        Recipe.Quantization q = r.quantization();
        return new Recipe(
                r.dataset(),
                r.model(),
                r.train(),
                r.fineTune(),
                r.objective(),
                new Recipe.Quantization(
                        granularity,
                        q.featuresCalibration(),
                        q.innerGranularity(),
                        q.innerCalibration(),
                        q.rounding(),
                        q.clipMask(),
                        q.weights()),
                r.qat(),
                new Recipe.Storage(form),
                r.graphs(),
                r.bits(),
                r.seed());
    }

    static Experiment experiment(Lanes lanes, Recipe recipe) {
        return new Experiment(
                lanes,
                recipe.model().config(),
                recipe.train().config(),
                recipe.fineTune().config(),
                recipe.quantConfig());
    }

    static Lanes lanes(Dataset dataset, int count, int threads) {
        return new Lanes(dataset, count, lane -> new CpuBackend(threads));
    }

    static BitAssignment parse(Experiment experiment, Dataset dataset, String bits) {
        return BitAssignment.parse(bits, experiment.model().cellNames(), dataset.degrees());
    }

    /** Trains, fine-tunes and saves one model of the folded norm. */
    static Path save(Path folder, String bits) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = lanes(dataset, 1, 1)) {
            Recipe recipe = recipe(false, "auto", bits);
            Experiment experiment = experiment(lanes, recipe);
            return save(folder, experiment, experiment.train(0, 1, t -> {}).get(0), recipe, dataset);
        }
    }

    /** Fine-tunes {@code start} under the bits of {@code recipe} and saves it. */
    static Path save(Path folder, Experiment experiment, Experiment.Trained start, Recipe recipe, Dataset dataset) {
        BitAssignment bits = parse(experiment, dataset, recipe.bits());
        return experiment.lanes().run(lane -> {
            try (QuantizedModel model =
                    experiment.fineTuned(lane, start, bits, recipe.fineTune().config())) {
                model.pack();
                SavedModel.write(folder, model, lane.backend(), recipe, report(model), provenance(dataset));
                return folder;
            }
        });
    }

    private static RunReport report(QuantizedModel model) {
        RunReport.Accuracy none = RunReport.Accuracy.of(List.of(0.0));
        return new RunReport(
                "small",
                "generated",
                "gcn",
                "cpu",
                "cpu",
                1,
                0,
                new RunReport.Fp32(none, none),
                null,
                null,
                null,
                null,
                null,
                new RunReport.Seconds(null, null, null, null, null),
                model.codesSha256(),
                null);
    }

    private static SavedModel.Provenance provenance(Dataset dataset) {
        return new SavedModel.Provenance(
                "test", "25", "any", "now", dataset.name(), dataset.fingerprint(), 0, null, null, null);
    }

    /** What the command line has where nothing is said, for a graph that need not be there. */
    static Recipe defaults() {
        return Recipe.defaults(
                new Recipe.Data("cora", null, null, null, null, true, 0, 0, null),
                Models.names().get(0),
                0);
    }
}
