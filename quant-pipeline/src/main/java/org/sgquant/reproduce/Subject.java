package org.sgquant.reproduce;

import java.util.List;
import java.util.function.DoubleSupplier;
import org.sgquant.data.Dataset;
import org.sgquant.data.GraphCollection;
import org.sgquant.experiment.GraphLevelExperiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Recipe;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.CellCount;
import org.sgquant.report.RunReport;
import org.sgquant.train.Metrics;

/** What a row of a table runs on: the nodes of one graph, or the graphs of a collection, fold by fold. */
public sealed interface Subject extends AutoCloseable {

    String name();

    /** Where its split comes from, in words. */
    String split();

    /** Equal iff a model sees the same input. */
    String fingerprint();

    /** Most seeds there are, from 0 on; folds are seeds too. */
    long seeds();

    /** Sizes that a model has here; their names do not depend on a fold. */
    ModelSizes sizes();

    /** Neighbours of every node, for degree buckets; none where there can be no buckets. */
    int[] degrees();

    /** Refuses a recipe that says what has no meaning here. */
    void check(Recipe recipe);

    /** {@code recipe} on this. */
    Bench bench(Lanes lanes, Recipe recipe);

    /** The bits {@code text} for a model here. */
    default BitAssignment parse(ModelConfig model, String text) {
        return BitAssignment.parse(text, model.create(sizes()).cellNames(), degrees());
    }

    @Override
    void close();

    /** A recipe on lanes, seed by seed. */
    interface Bench {

        Trained train(long seed);

        /** Fine-tunes and packs the fp32 model of these weights. */
        Packed quantize(long seed, List<float[][]> weights, BitAssignment bits);

        /** The model as it is here. */
        Model model();
    }

    /** A trained fp32 model and its accuracies. */
    record Trained(Metrics validation, Metrics test, double seconds, List<float[][]> weights) {}

    /** A packed model's outcome; {@code inference} times it when asked, null where that is not measured. */
    record Packed(
            Metrics validation,
            Metrics test,
            double seconds,
            List<CellCount> cells,
            RunReport.Memory memory,
            DoubleSupplier inference) {}

    /** Nodes of one graph. */
    record Nodes(Dataset dataset) implements Subject {
        @Override
        public String name() {
            return dataset.name();
        }

        @Override
        public String split() {
            return dataset.splitSource();
        }

        @Override
        public String fingerprint() {
            return dataset.fingerprint();
        }

        @Override
        public long seeds() {
            return Long.MAX_VALUE;
        }

        @Override
        public ModelSizes sizes() {
            return ModelSizes.of(dataset, dataset.numClasses());
        }

        @Override
        public int[] degrees() {
            return dataset.degrees();
        }

        @Override
        public void check(Recipe recipe) {
            if (recipe.graphs() != null) {
                throw new IllegalArgumentException(
                        "the section 'graphs' is for collections of graphs, and " + name() + " is a single graph");
            }
        }

        @Override
        public Bench bench(Lanes lanes, Recipe recipe) {
            return new NodeBench(lanes, recipe);
        }

        @Override
        public void close() {
            dataset.close();
        }
    }

    /** Graphs of a collection; seed f is fold f. */
    record Graphs(GraphCollection collection) implements Subject {
        @Override
        public String name() {
            return collection.name();
        }

        @Override
        public String split() {
            return collection.foldSource();
        }

        @Override
        public String fingerprint() {
            return collection.fingerprint();
        }

        @Override
        public long seeds() {
            return collection.folds().size();
        }

        @Override
        public ModelSizes sizes() {
            return new ModelSizes(
                    collection.numNodes(),
                    collection.numEdges() + collection.numNodes(),
                    collection.numFeatures(),
                    collection.numClasses());
        }

        @Override
        public int[] degrees() {
            return new int[0];
        }

        @Override
        public void check(Recipe recipe) {
            GraphLevelExperiment.check(recipe);
        }

        @Override
        public Bench bench(Lanes lanes, Recipe recipe) {
            return new GraphBench(collection, lanes, recipe);
        }

        /** Holds nothing outside the heap. */
        @Override
        public void close() {}
    }
}
