package org.sgquant.cli;

import org.sgquant.data.Datasets;
import org.sgquant.data.GraphCollection;
import org.sgquant.experiment.GraphLevelExperiment.Batching;
import picocli.CommandLine.Option;

/** Options that matter where whole graphs are classified. */
final class GraphOptions {

    @Option(
            names = "--folds",
            paramLabel = "N",
            description = "Folds to average over, in place of seeds, where whole graphs are classified (default: all).")
    Integer folds;

    @Option(names = "--batch", paramLabel = "N", description = "Graphs per batch (default: ${DEFAULT-VALUE}).")
    int batch = Batching.DEFAULT.graphs();

    @Option(
            names = "--node-tags",
            paramLabel = "T",
            description = "Features of the nodes of whole graphs: given, one-hot in the published tag (1 where there is"
                    + " one tag), or degree, one-hot in the logarithm of the degree (default: ${DEFAULT-VALUE}).")
    String nodeTags = "given";

    /** The collection that {@code data} names, with the tags asked for. */
    GraphCollection open(DatasetOptionsGroup data, Console console) {
        GraphCollection graphs = Datasets.standard(data.dataDir).openCollection(data.dataset);
        GraphCollection tagged = switch (nodeTags) {
            case "given" -> graphs;
            case "degree" -> graphs.withDegreeTags();
            default ->
                throw new IllegalArgumentException(
                        "--node-tags '" + nodeTags + "' does not exist: choose given or degree");
        };
        console.info(tagged + "; " + tagged.foldSource());
        return tagged;
    }

    /** Number of folds to run. */
    int folds(GraphCollection graphs) {
        int all = graphs.folds().size();
        if (folds != null && (folds < 1 || folds > all)) {
            throw new IllegalArgumentException("--folds must lie in 1.." + all + ", got " + folds);
        }
        return folds == null ? all : folds;
    }
}
