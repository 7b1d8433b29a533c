package org.sgquant.search;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;

/**
 * A value predicted from bit widths by CART (squared error, depth at most 8, at least 2 measurements in a leaf), or by
 * the mean of a random forest of such trees.
 *
 * <p>Features: the widths, their mean, the mean of their logarithms and the least. The logarithm of a single width
 * would change nothing: splits are invariant to it.
 */
final class RegressionTree {

    private static final int DEPTH = 8;
    private static final int LEAF = 2;
    private static final float FOREST_FEATURES = 0.5f;
    private static final Regressor UNKNOWN = new Regressor("value", Double.NaN);

    private final List<Model<Regressor>> trees;

    private RegressionTree(List<Model<Regressor>> trees) {
        this.trees = trees;
    }

    /** @param trees 1 for one tree over all measurements, more for a forest of bootstrap samples */
    static RegressionTree fit(List<List<Integer>> configurations, double[] values, int trees, long seed) {
        int count = values.length;
        if (trees == 1) {
            return new RegressionTree(List.of(
                    tree(configurations, values, IntStream.range(0, count).toArray(), 1, seed)));
        }
        SplittableRandom random = new SplittableRandom(seed);
        return new RegressionTree(IntStream.range(0, trees)
                .mapToObj(t -> tree(
                        configurations,
                        values,
                        random.ints(count, 0, count).toArray(),
                        FOREST_FEATURES,
                        random.nextLong()))
                .toList());
    }

    private static Model<Regressor> tree(
            List<List<Integer>> configurations, double[] values, int[] rows, float featuresPerSplit, long seed) {
        RegressionFactory factory = new RegressionFactory();
        MutableDataset<Regressor> data =
                new MutableDataset<>(new SimpleDataSourceProvenance("trials", factory), factory);
        for (int row : rows) {
            data.add(example(configurations.get(row), new Regressor("value", values[row])));
        }
        return new CARTRegressionTrainer(DEPTH, LEAF, 0, featuresPerSplit, false, new MeanSquaredError(), seed)
                .train(data);
    }

    double predict(List<Integer> bits) {
        Example<Regressor> example = example(bits, UNKNOWN);
        double sum = 0;
        for (Model<Regressor> tree : trees) {
            sum += tree.predict(example).getOutput().getValues()[0];
        }
        return sum / trees.size();
    }

    private static Example<Regressor> example(List<Integer> bits, Regressor value) {
        int cells = bits.size();
        String[] names = new String[cells + 3];
        double[] features = new double[cells + 3];
        for (int i = 0; i < cells; i++) {
            names[i] = "bits" + i;
            features[i] = bits.get(i);
        }
        names[cells] = "mean";
        features[cells] = bits.stream().mapToInt(b -> b).average().orElseThrow();
        names[cells + 1] = "meanLog";
        features[cells + 1] = bits.stream().mapToDouble(Math::log).average().orElseThrow();
        names[cells + 2] = "least";
        features[cells + 2] = bits.stream().mapToInt(b -> b).min().orElseThrow();
        return new ArrayExample<>(value, names, features);
    }
}
