package org.sgquant.cli;

import java.nio.file.Path;
import java.util.List;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.Predictor;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** A saved model brought back onto a graph: its own, or one named on the command line. */
final class LoadedModel implements AutoCloseable {

    private final Dataset dataset;
    private final Predictor predictor;

    /** The graph that {@code data} names on the command line {@code spec}, or where it names none the model's own. */
    LoadedModel(Path folder, CommonOptions common, DatasetOptionsGroup data, CommandSpec spec, Console console) {
        ParseResult words = spec.commandLine().getParseResult();
        boolean ownGraph = !words.hasMatchedOption("--dataset") && data.edges == null;
        for (String option : List.of(
                "--features", "--labels", "--split", "--mask", "--split-seed", "--no-normalize", "--label-noise")) {
            if (ownGraph && words.hasMatchedOption(option)) {
                throw new IllegalArgumentException(option + " needs --dataset or --edges: without them the graph and"
                        + " split that the model was trained on are used");
            }
        }
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
