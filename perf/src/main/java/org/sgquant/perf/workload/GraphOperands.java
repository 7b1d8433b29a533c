package org.sgquant.perf.workload;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/**
 * Operands of one {@link GraphPart} in memory of one backend: random functions of the numbers of rows and edges.
 *
 * <p>{@code x} is uniform in [-1, 1) but for node 0, which has a -1 and a 1, so that a part with node 0 has the range
 * of the whole.
 */
public final class GraphOperands {

    private static final long SEED = 20240607;
    private static final int X = 0;
    private static final int W = 1;
    private static final int EDGE = 2;

    private final Backend backend;
    private final Memory memory;
    private final GraphPart part;
    private final CsrGraph graph;
    private final FloatMatrix x;
    /** Further operands by what they are: operations that run one after another share them. */
    private final Map<String, Object> made;

    private GraphOperands(
            Backend backend, Memory memory, GraphPart part, CsrGraph graph, FloatMatrix x, Map<String, Object> made) {
        this.backend = backend;
        this.memory = memory;
        this.part = part;
        this.graph = graph;
        this.x = x;
        this.made = made;
    }

    /** {@code x} with {@code cols} columns; {@code graph} is the graph of {@code part}, in memory of the backend if read. */
    public static GraphOperands of(Backend backend, Memory memory, GraphPart part, CsrGraph graph, int cols) {
        try (HostMemory host = new HostMemory()) {
            FloatMatrix x = FloatMatrix.allocate(host, graph.numCols(), cols);
            IntStream.range(0, x.rows()).parallel().forEach(r -> fill(x, r, part.source(r)));
            FloatMatrix there = new Transfer(backend, memory).matrix(x);
            return new GraphOperands(backend, memory, part, graph, there, new HashMap<>());
        }
    }

    /** The same operands; further ones go to {@code other}. */
    public GraphOperands in(Memory other) {
        return new GraphOperands(backend, other, part, graph, x, new HashMap<>());
    }

    /** The same operands, further ones included, for another backend that works in the same memory. */
    public GraphOperands on(Backend other) {
        return new GraphOperands(other, memory, part, graph, x, made);
    }

    public Backend backend() {
        return backend;
    }

    public CsrGraph graph() {
        return graph;
    }

    public FloatMatrix x() {
        return x;
    }

    private <T> T once(String what, Class<T> type, Supplier<T> maker) {
        Object known = made.get(what);
        if (known == null) {
            known = maker.get();
            made.put(what, known);
        }
        return type.cast(known);
    }

    /** A result of this shape, for whoever comes next. */
    public FloatMatrix out(int rows, int cols) {
        return once("out " + rows + " " + cols, FloatMatrix.class, () -> FloatMatrix.allocate(memory, rows, cols));
    }

    /** Codes of {@link #x} under {@link #scheme}. */
    public PackedMatrix codes(Granularity granularity, int... widths) {
        return once("codes " + granularity + Arrays.toString(widths), PackedMatrix.class, () -> {
            PackedMatrix codes = emptyCodes(granularity, widths);
            backend.packed().pack(x, codes);
            return codes;
        });
    }

    /** The same, as yet zero, for nobody else. */
    PackedMatrix emptyCodes(Granularity granularity, int... widths) {
        return PackedMatrix.allocate(memory, scheme(granularity, widths));
    }

    private static void fill(FloatMatrix x, int row, int node) {
        long key = CounterRandom.key(SEED, X, node);
        for (int c = 0; c < x.cols(); c++) {
            x.set(row, c, 2 * CounterRandom.uniform(key, c) - 1);
        }
        if (node == 0) {
            x.set(row, 0, -1);
            x.set(row, x.cols() - 1, 1);
        }
    }

    /** {@code rows x cols} weights of a layer, uniform in [-1, 1). */
    public FloatMatrix weights(int rows, int cols) {
        return once("weights " + rows + " " + cols, FloatMatrix.class, () -> makeWeights(rows, cols));
    }

    private FloatMatrix makeWeights(int rows, int cols) {
        try (HostMemory host = new HostMemory()) {
            FloatMatrix w = FloatMatrix.allocate(host, rows, cols);
            long key = CounterRandom.key(SEED, W, 0);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < cols; c++) {
                    w.set(r, c, 2 * CounterRandom.uniform(key, r * cols + c) - 1);
                }
            }
            return new Transfer(backend, memory).matrix(w);
        }
    }

    /** The same weights as codes with a scale per column. */
    PackedMatrix weightCodes(int rows, int cols, BitWidth bits) {
        return once("weight codes " + rows + " " + cols + " " + bits, PackedMatrix.class, () -> {
            try (HostMemory host = new HostMemory()) {
                QuantScheme scheme = QuantScheme.uniform(host, "w", rows, cols, bits, Granularity.COLUMN);
                for (int j = 0; j < cols; j++) {
                    setRange(scheme.blocks().get(0), j, -1, 1);
                }
                PackedMatrix codes = PackedMatrix.allocate(memory, new Transfer(backend, memory).scheme(scheme));
                backend.packed().pack(weights(rows, cols), codes);
                return codes;
            }
        });
    }

    /** One weight per edge at {@code bits}, uniform in [0, 1). */
    public EdgeWeights edgeWeights(BitWidth bits) {
        return once("edge weights " + bits, EdgeWeights.class, () -> makeEdgeWeights(bits));
    }

    private EdgeWeights makeEdgeWeights(BitWidth bits) {
        try (HostMemory host = new HostMemory();
                Memory floats = backend.newMemory("edge weights")) {
            QuantScheme scheme =
                    QuantScheme.uniform(host, "edge weights", 1, graph.numEdges(), bits, Granularity.TENSOR);
            setRange(scheme.blocks().get(0), 0, 0, 1);
            PackedMatrix codes = PackedMatrix.allocate(memory, new Transfer(backend, memory).scheme(scheme));
            backend.packed().pack(makeEdgeValues(floats), codes);
            backend.finish();
            return new EdgeWeights(List.of(new EdgeWeights.Part(0, graph.numRows(), 0, codes)));
        }
    }

    /** The same as floats, 1 x nnz. */
    public FloatMatrix edgeValues() {
        return once("edge values", FloatMatrix.class, () -> makeEdgeValues(memory));
    }

    private FloatMatrix makeEdgeValues(Memory target) {
        int edges = graph.numEdges();
        long key = CounterRandom.key(SEED, EDGE, 0);
        try (HostMemory host = new HostMemory()) {
            FloatMatrix values = FloatMatrix.allocate(host, 1, edges);
            IntStream.range(0, edges)
                    .parallel()
                    .forEach(e -> values.set(0, e, CounterRandom.uniform(key, part.edge(e))));
            return new Transfer(backend, target).matrix(values);
        }
    }

    /**
     * Scheme of {@code x} with ranges set: a block per width over equal shares of the nodes; ranges differ between
     * blocks, columns or rows where the granularity lets them.
     */
    public QuantScheme scheme(Granularity granularity, int... widths) {
        int[] bounds = IntStream.rangeClosed(0, widths.length)
                .map(b -> part.columnsBelow((int) ((long) part.wholeNodes() * b / widths.length)))
                .toArray();
        List<BitWidth> bits = IntStream.of(widths).mapToObj(BitWidth::of).toList();
        try (HostMemory host = new HostMemory()) {
            QuantScheme scheme = QuantScheme.create(host, "x", bounds, x.cols(), bits, granularity, Rounding.NEAREST);
            for (int b = 0; b < widths.length; b++) {
                QuantScheme.Block block = scheme.blocks().get(b);
                for (int i = 0; i < block.params().scale().cols(); i++) {
                    int of = switch (granularity) {
                        case TENSOR -> 0;
                        case BUCKET -> b;
                        case COLUMN -> i;
                        case ROW -> part.source(block.rowStart() + i);
                        case ROW_CODE ->
                            throw new IllegalArgumentException("operands with row codes are not measured here");
                    };
                    float reach = 1 + (of % 5) / 8f;
                    setRange(block, i, -reach, reach);
                }
            }
            return new Transfer(backend, memory).scheme(scheme);
        }
    }

    private static void setRange(QuantScheme.Block block, int i, float low, float high) {
        if (!block.bits().isPacked()) {
            return;
        }
        block.params().offset().set(0, i, low);
        block.params().scale().set(0, i, (high - low) / block.bits().maxCode());
    }
}
