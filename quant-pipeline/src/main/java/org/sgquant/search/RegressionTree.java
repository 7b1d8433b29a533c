package org.sgquant.search;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tribuo.Example;
import org.tribuo.Feature;
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
 * <p>Features: the bits of the widths, their mean, the mean of their logarithms and the least, and which widths are
 * floats. The logarithm of a single width would change nothing: splits are invariant to it.
 */
final class RegressionTree {

    private static final int DEPTH = 8;
    private static final int LEAF = 2;
    private static final float FOREST_FEATURES = 0.5f;
    private static final Regressor UNKNOWN = new Regressor("value", Double.NaN);

    private final List<Model<Regressor>> trees;
    private final String[] names;

    private RegressionTree(List<Model<Regressor>> trees, int cells) {
        this.trees = trees;
        this.names = names(cells);
    }

    /** @param trees 1 for one tree over all measurements, more for a forest of bootstrap samples */
    static RegressionTree fit(List<List<Integer>> configurations, double[] values, int trees, long seed) {
        int count = values.length;
        SplittableRandom random = new SplittableRandom(seed);
        List<Model<Regressor>> models = new ArrayList<>();
        for (int t = 0; t < trees; t++) {
            IntStream rows = trees == 1 ? IntStream.range(0, count) : random.ints(count, 0, count);
            float features = trees == 1 ? 1 : FOREST_FEATURES;
            models.add(tree(configurations, values, rows.toArray(), features, random.nextLong()));
        }
        return new RegressionTree(models, configurations.getFirst().size());
    }

    private static Model<Regressor> tree(
            List<List<Integer>> configurations, double[] values, int[] rows, float featuresPerSplit, long seed) {
        String[] names = names(configurations.getFirst().size());
        RegressionFactory factory = new RegressionFactory();
        MutableDataset<Regressor> data =
                new MutableDataset<>(new SimpleDataSourceProvenance("trials", factory), factory);
        for (int row : rows) {
            data.add(example(names, configurations.get(row), new Regressor("value", values[row])));
        }
        return new CARTRegressionTrainer(DEPTH, LEAF, 0, featuresPerSplit, false, new MeanSquaredError(), seed)
                .train(data);
    }

    double predict(List<Integer> bits) {
        Example<Regressor> example = example(names, bits, UNKNOWN);
        double sum = 0;
        for (Model<Regressor> tree : trees) {
            sum += tree.predict(example).getOutput().getValues()[0];
        }
        return sum / trees.size();
    }

    private static Example<Regressor> example(String[] names, List<Integer> bits, Regressor value) {
        int cells = bits.size();
        double[] features = new double[names.length];
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < cells; i++) {
            int width = Widths.bits(bits.get(i));
            features[i] = width;
            features[cells] += (double) width / cells;
            features[cells + 1] += Math.log(width) / cells;
            least = Math.min(least, width);
        }
        features[cells + 2] = least;
        ArrayExample<Regressor> example = new ArrayExample<>(value, names, features);
        for (int i = 0; i < cells; i++) {
            // A feature that an example lacks is 0, and one that none has is not there.
            if (Widths.isFloat(bits.get(i))) {
                example.add(new Feature("float" + i, 1));
            }
        }
        return example;
    }

    private static String[] names(int cells) {
        Stream<String> widths = IntStream.range(0, cells).mapToObj(i -> "bits" + i);
        return Stream.concat(widths, Stream.of("mean", "meanLog", "least")).toArray(String[]::new);
    }
}
