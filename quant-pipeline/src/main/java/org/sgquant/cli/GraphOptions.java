package org.sgquant.cli;

import java.util.List;
import java.util.stream.Stream;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.NodeTags;
import org.sgquant.experiment.Recipe;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options that matter where whole graphs are classified, and what such graphs have no use for. */
final class GraphOptions {

    /** Options of a single graph, besides those of searching and learning bits. */
    private static final List<String> OF_NODES =
            List.of("--seed", "--seeds", "--mask", "--split-seed", "--no-normalize", "--download");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--folds",
            paramLabel = "N",
            description = "Folds to average over, in place of seeds, where whole graphs are classified (default: all).")
    Integer folds;

    @Option(names = "--batch", paramLabel = "N", description = "Graphs per batch (default: ${DEFAULT-VALUE}).")
    int batch = Recipe.Graphs.DEFAULT.batch();

    @Option(
            names = "--node-tags",
            paramLabel = "T",
            description = "Features of the nodes of whole graphs: given, one-hot in the published tag (1 where there is"
                    + " one tag), degree, one-hot in the logarithm of the degree, or profile, that of the degrees of"
                    + " the node and of its neighbours: least, largest, mean, deviation (default: ${DEFAULT-VALUE}).")
    String nodeTags = Recipe.Graphs.DEFAULT.nodeTags();

    /** Refuses options that have no meaning for the collection {@code dataset}, rather than to leave them out. */
    void refuseThoseOfNodes(String dataset) {
        Stream<String> bits = Stream.of(new SearchOptions(), new LearnBitsOptions())
                .flatMap(o -> CommandSpec.forAnnotatedObject(o).options().stream())
                .map(OptionSpec::longestName);
        refuse(
                Stream.concat(OF_NODES.stream(), bits),
                "is for the nodes of one graph, and " + dataset + " has whole graphs to classify, fold by fold");
    }

    /** Refuses these options where nodes of the graph of {@code data} are classified. */
    void refuseThoseOfGraphs(DatasetOptionsGroup data) {
        String graph = data.edges == null ? data.dataset : data.edges.toString();
        refuse(
                CommandSpec.forAnnotatedObject(new GraphOptions()).options().stream()
                        .map(OptionSpec::longestName),
                "is for whole graphs to classify, and " + graph + " is a single graph");
    }

    private void refuse(Stream<String> names, String why) {
        names.filter(command.commandLine().getParseResult()::hasMatchedOption)
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException(name + " " + why);
                });
    }

    /** What is usual where whole graphs are: steps on batches are noisy, so their learning rate falls to 0. */
    static Recipe usual(Recipe base) {
        return base.withTraining(decaying(base.train()), decaying(base.fineTune()))
                .withGraphs(Recipe.Graphs.DEFAULT);
    }

    /** {@code base} with those of these options that are given. */
    Recipe given(Recipe base) {
        Recipe.Graphs graphs = base.wholeGraphs();
        CommandLine.ParseResult given = command.commandLine().getParseResult();
        return base.withGraphs(new Recipe.Graphs(
                given.hasMatchedOption("--node-tags") ? nodeTags : graphs.nodeTags(),
                given.hasMatchedOption("--batch") ? Integer.valueOf(batch) : graphs.batch()));
    }

    private static Recipe.Training decaying(Recipe.Training training) {
        return new Recipe.Training(training.epochs(), training.learningRate(), 0, training.patience());
    }

    /** The collection that {@code data} names, with {@code tags}. */
    GraphCollection open(DatasetOptionsGroup data, NodeTags tags, Console console) {
        GraphCollection graphs = Datasets.standard(data.dataDir).openCollection(data.dataset);
        GraphCollection tagged = tags.of(graphs);
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
