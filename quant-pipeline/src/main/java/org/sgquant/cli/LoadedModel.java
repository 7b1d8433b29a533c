package org.sgquant.cli;

import java.nio.file.Path;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;
import org.sgquant.kernels.Backend;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;

/** A saved model brought back onto a graph: its own, or one named on the command line. */
final class LoadedModel implements AutoCloseable {

    private final SavedModel saved;
    private final Backend backend;
    private final Dataset dataset;
    private final Dataset relabelled;
    private final GraphInput input;
    private final QuantizedModel model;
    private final int[] newToOld;

    LoadedModel(Path folder, CommonOptions common, DatasetOptionsGroup data, boolean ownGraph, Console console) {
        this.saved = SavedModel.read(folder);
        Recipe.Data source = ownGraph ? saved.recipe().dataset() : data.recipe();
        this.dataset = data.open(source, console);
        this.backend = common.backend(common.threads, console);
        BitAssignment bits = bits();
        DegreeBuckets buckets = bits.buckets();
        this.newToOld = buckets.count() == 1 ? null : buckets.order(dataset.degrees());
        this.relabelled = newToOld == null ? dataset : dataset.permuted(newToOld);
        this.input = new GraphInput(relabelled, backend);
        this.model = saved.load(input, bits, backend);
    }

    private BitAssignment bits() {
        try (GraphInput sizes = new GraphInput(dataset, backend)) {
            Model shape = saved.recipe().model().config().create(sizes);
            return BitAssignment.parse(saved.recipe().bits(), shape.cellNames(), dataset.degrees());
        }
    }

    SavedModel saved() {
        return saved;
    }

    Dataset dataset() {
        return dataset;
    }

    QuantizedModel model() {
        return model;
    }

    Backend backend() {
        return backend;
    }

    /** Whether the graph is the one the model was trained on. */
    boolean isTrainingData() {
        return saved.provenance().dataSha256().equals(dataset.fingerprint());
    }

    /** Logits of packed inference, nodes in the dataset's own order. */
    float[][] logits() {
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

    @Override
    public void close() {
        model.close();
        input.close();
        if (relabelled != dataset) {
            relabelled.close();
        }
        dataset.close();
        backend.close();
    }
}
