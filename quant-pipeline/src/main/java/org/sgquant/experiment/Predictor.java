package org.sgquant.experiment;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.SortedMap;
import org.sgquant.data.Dataset;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Backends;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.model.GraphInput;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;

/**
 * Packed inference of a saved model on a graph, its own or another with the same features.
 *
 * <p>Rows of every result are the nodes in the order of the dataset, whatever degree buckets the model has. The dataset
 * stays the caller's and must outlive this.
 */
public final class Predictor implements AutoCloseable {

    private final SavedModel saved;
    private final Dataset dataset;
    private final Backend backend;
    private final int[] newToOld;
    private final Dataset relabelled;
    private final GraphInput input;
    private final QuantizedModel model;

    private Predictor(SavedModel saved, Dataset dataset, Backend backend) {
        this.saved = saved;
        this.dataset = dataset;
        this.backend = backend;
        try {
            BitAssignment bits = BitAssignment.parse(
                    saved.recipe().bits(), saved.model(dataset).cellNames(), dataset.degrees());
            DegreeBuckets buckets = bits.buckets();
            this.newToOld = buckets.count() == 1 ? null : buckets.order(dataset.degrees());
            this.relabelled = newToOld == null ? null : dataset.permuted(newToOld);
            this.input = new GraphInput(newToOld == null ? dataset : relabelled, backend);
            this.model = saved.load(input, bits, backend);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The model in {@code folder} on {@code dataset}, on the best device there is. */
    public static Predictor open(Path folder, Dataset dataset) {
        int threads = Runtime.getRuntime().availableProcessors();
        return open(
                SavedModel.read(folder), dataset, Backends.select("auto", threads, TrainingLibraries.NONE, note -> {}));
    }

    /** {@code saved} on {@code dataset}; {@code backend} is closed with this. */
    public static Predictor open(SavedModel saved, Dataset dataset, Backend backend) {
        return new Predictor(saved, dataset, backend);
    }

    /** Logits of packed inference, N x C. */
    public float[][] logits() {
        float[][] rows = model.inference().run();
        if (newToOld == null) {
            return rows;
        }
        float[][] ordered = new float[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            ordered[newToOld[i]] = rows[i];
        }
        return ordered;
    }

    /** Softmax of {@link #logits}, N x C. */
    public double[][] probabilities() {
        return Arrays.stream(logits()).map(Predictions::softmax).toArray(double[][]::new);
    }

    /** The most probable class of every node, the lowest on a tie. */
    public int[] labels() {
        return Arrays.stream(logits()).mapToInt(Predictions::argmax).toArray();
    }

    /** SHA-256 of the codes of every packed tensor. */
    public SortedMap<String, String> codesSha256() {
        return model.codesSha256();
    }

    public SavedModel saved() {
        return saved;
    }

    public Backend backend() {
        return backend;
    }

    /** Whether the graph is the one the model was trained on. */
    public boolean isTrainingData() {
        return saved.provenance().dataSha256().equals(dataset.fingerprint());
    }

    @Override
    public void close() {
        // Each part is null only where opening failed before it.
        if (model != null) {
            model.close();
        }
        if (input != null) {
            input.close();
        }
        if (relabelled != null) {
            relabelled.close();
        }
        backend.close();
    }
}
