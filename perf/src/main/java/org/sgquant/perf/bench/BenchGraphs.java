package org.sgquant.perf.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.sgquant.data.Datasets;
import org.sgquant.perf.workload.GraphFolder;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

/**
 * Opens graphs by {@code NAME} or {@code NAME/K}: the real one where its data are found, else one generated at its size,
 * or at a K-th of its nodes.
 *
 * @param work folder that keeps generated graphs, null for none
 * @param note hears what takes a while
 */
record BenchGraphs(Datasets datasets, Path work, Consumer<String> note) {

    private static final long SEED = 1;

    /** Real graphs by the names that they have as datasets. */
    private static final List<String> REAL = List.of("cora", "computers", "tolokers");

    /** A graph and the name that records call it by; {@code owner} frees its memory. */
    record Opened(String name, String source, CsrGraph graph, Runnable owner) implements AutoCloseable {

        @Override
        public void close() {
            owner.run();
        }
    }

    /** Checks a name; a sentence says what is wrong with it. */
    static GraphShape shape(String name) {
        Words.require("shape", name.split("/", 2)[0], GraphShape.names());
        return GraphShape.parse(name);
    }

    /** Whether the data of {@code name} are found. */
    boolean isReal(String name) {
        return REAL.contains(name) && datasets.isThere(name);
    }

    Opened open(String name) {
        GraphShape shape = shape(name);
        if (isReal(name)) {
            HostMemory memory = new HostMemory();
            return new Opened(name, "dataset", datasets.topology(name, memory), memory::close);
        }
        return work == null ? generated(shape) : kept(shape);
    }

    private Opened generated(GraphShape shape) {
        HostMemory memory = new HostMemory();
        return new Opened(shape.name(), "generated", generate(shape, memory), memory::close);
    }

    private CsrGraph generate(GraphShape shape, HostMemory memory) {
        note.accept("generating " + shape.name() + ": " + shape.nodes() + " nodes, " + shape.entries() + " edges");
        GraphGenerator generator = new GraphGenerator(shape, SEED);
        return generator.graph(memory, generator.edges());
    }

    private Opened kept(GraphShape shape) {
        Path folder = work.resolve(shape.name().replace('/', '-'));
        if (!Files.exists(folder.resolve("graph.json"))) {
            try (HostMemory memory = new HostMemory()) {
                // Its last file is graph.json: what a killed run left is made again.
                GraphFolder.write(folder, shape, generate(shape, memory), SEED);
            }
        }
        GraphFolder read = new GraphFolder(folder);
        GraphFolder.Header header = read.header();
        if (!header.graph().equals(shape.name()) || header.nodes() != shape.nodes() || header.seed() != SEED) {
            read.close();
            throw new IllegalArgumentException(
                    folder.resolve("graph.json") + ": got " + words(header.graph(), header.nodes(), header.seed())
                            + ", expected " + words(shape.name(), shape.nodes(), SEED)
                            + ": take another folder for --work, or remove this one");
        }
        return new Opened(shape.name(), "generated", read.graph(), read::close);
    }

    private static String words(String graph, int nodes, long seed) {
        return graph + " of " + nodes + " nodes by seed " + seed;
    }
}
