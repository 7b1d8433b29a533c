package org.sgquant.kernels.cpu;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.LossOps.Correction;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;

/** Results of the CPU's training kernels on random operands as hashes of their bits; as a program it prints them. */
final class KernelBits implements AutoCloseable {

    private static final int ROWS = 131;

    private final RandomTensors random = new RandomTensors();
    private final CpuBackend cpu = new CpuBackend(1);
    private final CsrGraph graph = random.graph(ROWS, ROWS, 3);
    private final Map<Integer, FloatMatrix> nodes = new HashMap<>();
    private final Map<Integer, FloatMatrix> edges = new HashMap<>();
    private final IntArray labels =
            IntArray.of(random.memory(), random.random().ints(ROWS, 0, 7).toArray());
    private final StepState state = StepState.allocate(random.memory());
    private final Map<String, Integer> hashes = new LinkedHashMap<>();

    public static void main(String[] args) {
        try (KernelBits bits = new KernelBits()) {
            bits.run().forEach((kernel, hash) -> System.out.println(kernel + "=" + hash));
        }
    }

    KernelBits() {
        state.set(3, 4, 0.01f);
    }

    /** An operation that writes {@code out}. */
    @FunctionalInterface
    private interface Kernel {
        void run(FloatMatrix out);
    }

    private FloatMatrix nodes(int cols) {
        return nodes.computeIfAbsent(cols, f -> random.normal(ROWS, f));
    }

    private FloatMatrix edges(int heads) {
        return edges.computeIfAbsent(heads, h -> random.normal(graph.numEdges(), h));
    }

    private void hash(String name, int rows, int cols, Kernel kernel) {
        FloatMatrix out = random.zeros(rows, cols);
        kernel.run(out);
        hashes.put(name, Arrays.deepHashCode(RandomTensors.bits(out.toArray())));
    }

    /** Hash of each kernel's result, from operands that are the same at every call. */
    Map<String, Integer> run() {
        hashes.clear();
        for (int[] heads : new int[][] {{1, 7}, {1, 16}, {8, 8}, {1, 31}, {2, 33}, {2, 64}}) {
            attention(heads[0], heads[1]);
        }
        for (int cols : new int[] {1, 7, 33}) {
            elementwise(cols);
            quantization(cols);
        }
        losses(nodes(7));
        return hashes;
    }

    private void attention(int heads, int width) {
        FloatMatrix x = nodes(heads * width);
        FloatMatrix w = edges(heads);
        String of = " " + heads + "x" + width;
        int count = graph.numEdges();
        hash("sddmm" + of, count, heads, out -> cpu.attention().sddmm(graph, x, x, out));
        hash("spmmHeads" + of, ROWS, x.cols(), out -> cpu.attention().spmmHeads(graph, w, x, out));
        hash("softmaxEdges" + of, count, heads, out -> cpu.attention().softmaxEdges(graph, w, out));
        hash("softmaxEdgesBackward" + of, count, heads, out -> cpu.attention().softmaxEdgesBackward(graph, w, w, out));
        hash("elu" + of, ROWS, x.cols(), out -> cpu.attention().elu(x, out));
        hash("normalizeRows" + of, ROWS, x.cols(), out -> cpu.attention().normalizeRows(x, out));
        hash(
                "normalizeRowsBackward" + of,
                ROWS,
                x.cols(),
                out -> cpu.attention().normalizeRowsBackward(x, x, out));
    }

    private void elementwise(int cols) {
        FloatMatrix x = nodes(cols);
        String of = " " + cols;
        hash("gemm" + of, cols, cols, out -> cpu.dense().gemm(x, true, x, false, out));
        hash("spmm" + of, ROWS, cols, out -> cpu.sparse().spmm(graph, null, x, out));
        hash("sumRows" + of, 1, cols, out -> cpu.elementwise().sumRows(x, out));
        hash("dropout" + of, ROWS, cols, out -> cpu.elementwise().dropout(x, 0.6f, 1, state, out));
        hash("adam" + of, ROWS, cols, out -> {
            cpu.elementwise().copy(x, out);
            cpu.elementwise().adam(out, x, random.zeros(ROWS, cols), random.zeros(ROWS, cols), 5e-4f, state);
        });
        FloatMatrix row = random.zeros(1, cols);
        for (int c = 0; c < cols; c++) {
            row.set(0, c, x.get(1, c));
        }
        BatchNorm norm = new BatchNorm(row, row, random.zeros(1, cols), random.zeros(1, cols));
        hash("batchNormMoments" + of, 4, cols, out -> cpu.norm().batchNormMoments(x, null, norm, out));
        hash("layerNorm" + of, ROWS, cols, out -> cpu.norm().layerNorm(x, row, row, out));
        hash("layerNormBackward" + of, ROWS, cols, out -> cpu.norm().layerNormBackward(x, row, x, out));
    }

    private void quantization(int cols) {
        FloatMatrix x = nodes(cols);
        for (Granularity granularity : new Granularity[] {Granularity.TENSOR, Granularity.COLUMN}) {
            QuantScheme scheme = QuantScheme.uniform(random.memory(), "x", ROWS, cols, BitWidth.Q3, granularity);
            LearnedRanges ranges = LearnedRanges.allocate(random.memory(), scheme);
            String of = " " + cols + " " + granularity;
            cpu.packed().calibrate(x, scheme, Calibration.MSE);
            hash("fakeQuantize" + of, ROWS, cols, out -> cpu.packed().fakeQuantize(x, scheme, out));
            int scales = ranges.gradient().cols();
            hash("learnedBackward" + of, 2, scales, out -> {
                cpu.learnedQuant().backward(x, ranges, x, null);
                cpu.elementwise().copy(ranges.gradient(), out);
            });
            hash("learnedStep" + of, 1, scales, out -> {
                cpu.learnedQuant().step(ranges, 1, state);
                cpu.elementwise().copy(scheme.blocks().get(0).params().scale(), out);
            });
        }
    }

    private void losses(FloatMatrix logits) {
        FloatMatrix metrics = random.zeros(1, 2);
        FloatMatrix mixed = random.zeros(7, 7);
        for (int i = 0; i < 49; i++) {
            mixed.set(i / 7, i % 7, i / 7 == i % 7 ? 0.7f : 0.05f);
        }
        hash("softmax", ROWS, 7, out -> cpu.elementwise().softmax(logits, out));
        hash(
                "crossEntropy",
                ROWS,
                7,
                out -> cpu.elementwise().softmaxCrossEntropy(logits, labels, labels, out, metrics));
        for (Correction correction : Correction.values()) {
            hash(
                    "cross entropy " + correction,
                    ROWS,
                    7,
                    out -> cpu.losses().correctedCrossEntropy(logits, labels, labels, correction, mixed, out, metrics));
        }
        FloatMatrix teacher = random.zeros(ROWS, 7);
        cpu.elementwise().softmax(logits, teacher);
        hash("distill", ROWS, 7, out -> cpu.losses().distill(logits, teacher, 2, 0.9f, logits, out, metrics));
        hash("metrics", 1, 2, out -> cpu.elementwise().copy(metrics, out));
    }

    @Override
    public void close() {
        cpu.close();
        random.close();
    }
}
