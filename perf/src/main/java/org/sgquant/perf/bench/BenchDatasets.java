package org.sgquant.perf.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphFiles;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.TrainingFiles;

/** Graphs with features and labels to train on, by the names of {@link BenchGraphs}. */
final class BenchDatasets {

    private static final long SEED = 1;

    /** A dataset and where it is from. */
    record Opened(Dataset dataset, String source) implements AutoCloseable {

        @Override
        public void close() {
            dataset.close();
        }
    }

    private BenchDatasets() {}

    /** The real one where its data are found; else for Cora the citation graph that commands run on, or one generated. */
    static Opened open(BenchGraphs graphs, String name) {
        if (graphs.isReal(name)) {
            return new Opened(graphs.datasets().open(name, DatasetOptions.DEFAULT), "dataset");
        }
        if (name.equals("cora")) {
            return new Opened(graphs.datasets().open(Datasets.SYNTHETIC, DatasetOptions.DEFAULT), "generated");
        }
        GraphShape shape = BenchGraphs.shape(name);
        try {
            Path folder = Files.createTempDirectory("sgquant-bench");
            try {
                GraphGenerator generator = new GraphGenerator(shape, SEED);
                TrainingFiles.write(folder, shape, generator.edges(), generator.labels(), SEED);
                GraphFiles files = new GraphFiles(
                        folder.resolve("edges.npz"),
                        folder.resolve("features.npy"),
                        folder.resolve("labels.npy"),
                        null);
                return new Opened(files.open(name, DatasetOptions.DEFAULT), "generated");
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the files of " + name + " cannot be written to the temporary folder", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
