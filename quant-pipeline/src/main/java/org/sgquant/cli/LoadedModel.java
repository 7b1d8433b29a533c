package org.sgquant.cli;

import java.nio.file.Path;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.Predictor;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;

/** A saved model brought back onto a graph: its own, or one named on the command line. */
final class LoadedModel implements AutoCloseable {

    private final Dataset dataset;
    private final Predictor predictor;

    LoadedModel(Path folder, CommonOptions common, DatasetOptionsGroup data, boolean ownGraph, Console console) {
        SavedModel saved = SavedModel.read(folder);
        Recipe.Data source = ownGraph ? saved.recipe().dataset() : data.recipe();
        this.dataset = data.open(source, console);
        try {
            this.predictor = Predictor.open(saved, dataset, common.backend(common.threads, console));
        } catch (RuntimeException e) {
            dataset.close();
            throw e;
        }
    }

    Dataset dataset() {
        return dataset;
    }

    Predictor predictor() {
        return predictor;
    }

    @Override
    public void close() {
        predictor.close();
        dataset.close();
    }
}
