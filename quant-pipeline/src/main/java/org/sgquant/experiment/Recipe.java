package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphFiles;
import org.sgquant.kernels.Calibration;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.Model;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Rounding;
import org.sgquant.train.TrainConfig;

/**
 * Everything that decides a result, as it is saved beside a model: data, model, training, quantization, bits, seed.
 *
 * <p>Made of plain values, so that it reads and writes as YAML; {@code storage} is null where every code is in its place.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Recipe(
        Data dataset,
        Gcn model,
        Training train,
        Training fineTune,
        Quantization quantization,
        @JsonProperty Storage storage,
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

    /** A graph convolutional network; {@code norm} is {@code folded} or {@code edge}, {@code order} may be {@code auto}. */
    public record Gcn(
            String name, int layers, int hidden, float dropout, float weightDecay, String norm, String order) {

        public ModelConfig config() {
            boolean edgeNorm = switch (norm) {
                case "folded" -> false;
                case "edge" -> true;
                default ->
                    throw new IllegalArgumentException("norm '" + norm + "' does not exist: choose folded or edge");
            };
            Model.Order fixed = switch (order) {
                case "auto" -> null;
                case "transform-first" -> Model.Order.TRANSFORM_FIRST;
                case "aggregate-first" -> Model.Order.AGGREGATE_FIRST;
                default ->
                    throw new IllegalArgumentException(
                            "order '" + order + "' does not exist: choose auto, transform-first or aggregate-first");
            };
            return new ModelConfig(name, new GcnConfig(layers, hidden, dropout, weightDecay, edgeNorm, fixed));
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
                        + " need scales that nodes share; choose tensor, bucket, column or rowcode");
            }
            return new QuantConfig(
                    parse(Granularity.class, "granularity", featuresGranularity),
                    Calibration.parse(featuresCalibration),
                    parse(Granularity.class, "granularity", innerGranularity),
                    Calibration.parse(innerCalibration),
                    parse(Rounding.class, "rounding", rounding),
                    clipMask,
                    FeaturesForm.DENSE);
        }

        private static <T extends Enum<T>> T parse(Class<T> type, String what, String text) {
            for (T value : type.getEnumConstants()) {
                if (value.toString().equalsIgnoreCase(text)) {
                    return value;
                }
            }
            StringBuilder choices = new StringBuilder();
            for (T value : type.getEnumConstants()) {
                choices.append(' ').append(value.toString().toLowerCase(java.util.Locale.ROOT));
            }
            throw new IllegalArgumentException(what + " '" + text + "' does not exist: choose one of" + choices);
        }
    }

    /** How codes are stored; {@code featuresForm} is auto, dense or sparse. */
    public record Storage(String featuresForm) {}

    /** How cells are quantized and stored. */
    public QuantConfig quantConfig() {
        QuantConfig config = quantization.config();
        return storage == null ? config : config.withFeaturesForm(FeaturesForm.parse(storage.featuresForm()));
    }

    public Recipe withBits(String newBits, long newSeed) {
        return new Recipe(dataset, model, train, fineTune, quantization, storage, newBits, newSeed);
    }
}
