package org.sgquant.perf.device;

import java.nio.file.Path;
import org.sgquant.perf.workload.GraphFolder;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.TrainingFiles;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

/** Writes a generated graph: {@code GenerateGraph SHAPE FOLDER}, with {@code --training} one to train on. */
public final class GenerateGraph {

    private static final long SEED = 1;

    private GenerateGraph() {}

    public static void main(String[] args) {
        if (args.length < 2 || args.length > 3 || (args.length == 3 && !args[2].equals("--training"))) {
            System.err.println("usage: GenerateGraph SHAPE FOLDER [--training]");
            System.exit(2);
        }
        long start = System.nanoTime();
        GraphShape shape = GraphShape.parse(args[0]);
        Path folder = Path.of(args[1]);
        GraphGenerator generator = new GraphGenerator(shape, SEED);
        long[] edges = generator.edges();
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph = generator.graph(memory, edges);
            GraphFolder.write(folder, shape, graph, SEED);
            if (args.length == 3) {
                TrainingFiles.write(folder, shape, edges, generator.labels(), SEED);
            }
            System.out.printf(
                    "%s: %d nodes, %d entries, largest degree %d; %.1f s%n",
                    shape.name(),
                    graph.numRows(),
                    graph.numEdges(),
                    graph.maxDegree(),
                    (System.nanoTime() - start) / 1e9);
        }
    }
}
