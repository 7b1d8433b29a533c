package org.sgquant.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A small generated graph written as the files of a user's own: e.csv, x.npy, y.npy, s.npz. */
public final class OwnGraph {

    private OwnGraph() {}

    /** Writes {@code graph} into {@code folder}. */
    public static GraphFiles write(Path folder, SyntheticCitationGraph graph) {
        try (Dataset d = graph.generate(DatasetOptions.DEFAULT.withNormalizeRows(false))) {
            StringBuilder edges = new StringBuilder("src,dst\n");
            int[] rowPtr = d.graph().rowPtr().toArray();
            int[] colIdx = d.graph().colIdx().toArray();
            for (int i = 0; i < d.numNodes(); i++) {
                for (int e = rowPtr[i]; e < rowPtr[i + 1]; e++) {
                    edges.append(i).append(',').append(colIdx[e]).append('\n');
                }
            }
            int[] shape = {d.numNodes(), d.numFeatures()};
            Split s = d.split();
            return new GraphFiles(
                    Npy.write(folder.resolve("e.csv"), edges.toString().getBytes(StandardCharsets.UTF_8)),
                    Npy.write(folder.resolve("x.npy"), Npy.of("<f4", false, shape, dense(d))),
                    Npy.write(folder.resolve("y.npy"), longs(d.labels())),
                    Npy.write(
                            folder.resolve("s.npz"),
                            Map.of("train", longs(s.train()), "val", longs(s.validation()), "test", longs(s.test()))));
        }
    }

    /** The options that name these files on the command line. */
    public static List<String> options(GraphFiles files) {
        return List.of(
                "--edges",
                files.edges().toString(),
                "--features",
                files.features().toString(),
                "--labels",
                files.labels().toString(),
                "--split",
                files.split().toString());
    }

    /** Features as one row-major array. */
    public static double[] dense(Dataset d) {
        double[] x = new double[d.numNodes() * d.numFeatures()];
        switch (d.features()) {
            case Features.Sparse sparse -> {
                int[] rowPtr = sparse.matrix().pattern().rowPtr().toArray();
                int[] colIdx = sparse.matrix().pattern().colIdx().toArray();
                for (int i = 0; i < d.numNodes(); i++) {
                    for (int e = rowPtr[i]; e < rowPtr[i + 1]; e++) {
                        x[i * d.numFeatures() + colIdx[e]] =
                                sparse.matrix().values().get(0, e);
                    }
                }
            }
            case Features.Dense dense -> {
                for (int i = 0; i < x.length; i++) {
                    x[i] = dense.matrix().get(i / d.numFeatures(), i % d.numFeatures());
                }
            }
        }
        return x;
    }

    private static byte[] longs(int[] values) {
        return Npy.longs(Arrays.stream(values).asDoubleStream().toArray());
    }
}
