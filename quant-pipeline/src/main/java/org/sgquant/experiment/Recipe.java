package org.sgquant.experiment;

import java.nio.file.Path;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphFiles;
import org.sgquant.kernels.Calibration;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Rounding;
import org.sgquant.train.TrainConfig;

/**
 * Everything that decides a result, as it is saved beside a model: data, model, training, quantization, bits, seed.
 *
 * <p>Made of plain values, so that it reads and writes as YAML.
 */
public record Recipe(
        Data dataset,
        ModelSettings model,
        Training train,
        Training fineTune,
        Quantization quantization,
        String bits,
        long seed) {

    /** A dataset by name, or the files of the user's own graph. */
    public record Data(
            String name,
            String edges,
            String features,
            String labels,
            String split,
            boolean normalizeRows,
            int mask,
            long splitSeed) {

        private DatasetOptions options() {
            return DatasetOptions.DEFAULT
                    .withNormalizeRows(normalizeRows)
                    .withMaskIndex(mask)
                    .withSplitSeed(splitSeed);
        }

        /** Opens the graph, looking for named datasets as {@code datasets} says. */
        public Dataset open(Datasets datasets) {
            if (edges == null) {
                return datasets.open(name, options());
            }
            return new GraphFiles(Path.of(edges), Path.of(features), path(labels), path(split)).open(name, options());
        }

        private static Path path(String text) {
            return text == null ? null : Path.of(text);
        }
    }

    /** Length and speed of training. */
    public record Training(int epochs, float learningRate, float finalLearningRate, int patience) {
        public TrainConfig config() {
            return new TrainConfig(epochs, learningRate, finalLearningRate, patience);
        }
    }

    /** Granularity, calibration and rounding; names in lower case. */
    public record Quantization(
            String featuresGranularity,
            String featuresCalibration,
            String innerGranularity,
            String innerCalibration,
            String rounding,
            boolean clipMask) {

        public QuantConfig config() {
            if (innerGranularity.equalsIgnoreCase("row")) {
                throw new IllegalArgumentException("granularity 'row' is for the features alone: sums over neighbours"
                        + " need scales that nodes share; choose tensor, bucket or column");
            }
            return new QuantConfig(
                    parse(Granularity.class, "granularity", featuresGranularity),
                    Calibration.parse(featuresCalibration),
                    parse(Granularity.class, "granularity", innerGranularity),
                    Calibration.parse(innerCalibration),
                    parse(Rounding.class, "rounding", rounding),
                    clipMask);
        }

        private static <T extends Enum<T>> T parse(Class<T> type, String what, String text) {
            for (T value : type.getEnumConstants()) {
                if (value.name().equalsIgnoreCase(text)) {
                    return value;
                }
            }
            StringBuilder choices = new StringBuilder();
            for (T value : type.getEnumConstants()) {
                choices.append(' ').append(value.name().toLowerCase(java.util.Locale.ROOT));
            }
            throw new IllegalArgumentException(what + " '" + text + "' does not exist: choose one of" + choices);
        }
    }

    public Recipe withBits(String newBits, long newSeed) {
        return new Recipe(dataset, model, train, fineTune, quantization, newBits, newSeed);
    }
}
