package org.sgquant.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Sparsity;

/** Chains of packed inference are one step each, with the bits of their steps and without their buffers. */
class FusionTest {

    private static final int NODES = 40;
    private static final int COLS = 20;

    private final long seed = Long.getLong("sgquant.seed", System.nanoTime());
    private final HostMemory memory = new HostMemory();
    private final FloatMatrix features = FloatMatrix.allocate(memory, NODES, COLS);
    private final FloatMatrix weights = FloatMatrix.allocate(memory, COLS, COLS);
    private final FloatMatrix bias = FloatMatrix.allocate(memory, 1, COLS);
    private final FloatMatrix norm = FloatMatrix.allocate(memory, 1, NODES);
    private final FloatMatrix logits = FloatMatrix.allocate(memory, NODES, COLS);
    private final QuantScheme input = scheme("L1.embedding");
    private final QuantScheme message = scheme("L1.message");
    private final QuantScheme hidden = scheme("L2.embedding");
    private final Sparsity graph = Sparsity.symmetric(ring());

    FusionTest() {
        Random random = new Random(seed);
        for (FloatMatrix m : List.of(features, weights, bias, norm)) {
            for (int r = 0; r < m.rows(); r++) {
                for (int c = 0; c < m.cols(); c++) {
                    m.set(r, c, (float) random.nextGaussian());
                }
            }
        }
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private QuantScheme scheme(String name) {
        QuantScheme scheme = QuantScheme.uniform(memory, name, NODES, COLS, BitWidth.Q4, Granularity.TENSOR);
        scheme.blocks().get(0).params().setRange(0, -3, 3, BitWidth.Q4.maxCode());
        return scheme;
    }

    private CsrGraph ring() {
        int[] rowPtr = new int[NODES + 1];
        int[] col = new int[2 * NODES];
        for (int i = 0; i < NODES; i++) {
            rowPtr[i + 1] = 2 * i + 2;
            col[2 * i] = Math.min(i, (i + 1) % NODES);
            col[2 * i + 1] = Math.max(i, (i + 1) % NODES);
        }
        return CsrGraph.of(memory, NODES, rowPtr, col);
    }

    /** A layer of a GCN and the product of the next one. */
    private Tape layer(Tape tape) {
        Value x = tape.pack(tape.constant(features), input);
        Value product = tape.scaleRows(tape.matmul(x, tape.constant(weights)), tape.constant(norm));
        Value sum = tape.spmm(graph, null, tape.pack(product, message));
        Value out = tape.addBias(tape.scaleRows(sum, tape.constant(norm)), tape.constant(bias));
        Value next = tape.matmul(tape.pack(tape.relu(out), hidden), tape.constant(weights));
        tape.output(next, logits);
        return tape;
    }

    private record Result(List<List<Integer>> codes, float[][] logits, long slab, List<String> steps) {}

    private Result run(Tape tape, Backend backend) {
        List<List<Integer>> codes = new ArrayList<>();
        try (Plan plan = Plan.compile(tape, backend, memory)) {
            plan.run(matrix -> codes.add(codes(matrix)));
            float[][] listened = logits.toArray();
            plan.run();
            assertThat(logits.toArray()).as("-Dsgquant.seed=" + seed).isDeepEqualTo(listened);
            return new Result(codes, listened, plan.slabBytes(), plan.stepNames());
        }
    }

    private static List<Integer> codes(PackedMatrix matrix) {
        List<Integer> codes = new ArrayList<>();
        for (int r = 0; r < NODES; r++) {
            for (int c = 0; c < COLS; c++) {
                codes.add(matrix.code(r, c));
            }
        }
        return codes;
    }

    @Test
    void chainsRunAsOneStepWithTheSameBitsAndOnTheCpuWithoutFloatsInTheSlab() {
        long codes = PackedMatrix.allocationBytes(hidden);
        for (Backend each : List.of(new ReferenceBackend(), new CpuBackend(1), new CpuBackend(2))) {
            try (Backend backend = each) {
                Result plain = run(layer(new Tape()), backend);
                Result fused = run(layer(Tape.exact()), backend);
                assertThat(fused.codes()).as("-Dsgquant.seed=" + seed).isEqualTo(plain.codes());
                assertThat(fused.logits()).as("-Dsgquant.seed=" + seed).isDeepEqualTo(plain.logits());
                assertThat(plain.steps()).hasSize(11);
                if (backend.fused().isEmpty()) {
                    assertThat(fused.steps()).isEqualTo(plain.steps());
                    continue;
                }
                assertThat(fused.steps())
                        .containsExactly(
                                "pack",
                                "gemm_packed+scale_rows+pack",
                                "spmm_packed+scale_rows+bias+relu+pack",
                                "gemm_packed+output");
                assertThat(fused.slab()).isEqualTo(2 * codes);
                assertThat(fused.slab()).isLessThan(plain.slab());
            }
        }
    }

    @Test
    void whatAnotherStepReadsTooIsKept() {
        try (Backend backend = new CpuBackend(1)) {
            Tape tape = Tape.exact();
            Value x = tape.pack(tape.constant(features), input);
            Value product = tape.matmul(x, tape.constant(weights));
            Value scaled = tape.scaleRows(product, tape.constant(norm));
            tape.output(tape.add(scaled, tape.relu(scaled)), logits);
            assertThat(run(tape, backend).steps())
                    .containsExactly("pack", "gemm_packed+scale_rows", "relu", "add", "output");
        }
    }

    @Test
    void aSumOfProductsIsAddedToTheLastOne() {
        try (Backend backend = new CpuBackend(2)) {
            List<float[][]> results = new ArrayList<>();
            for (Tape tape : List.of(new Tape(), Tape.exact())) {
                Value x = tape.pack(tape.constant(features), input);
                Value mean = tape.scaleRows(tape.spmm(graph, null, x), tape.constant(norm));
                Value own = tape.matmul(x, tape.constant(weights));
                tape.output(tape.addBias(tape.add(mean, own), tape.constant(bias)), logits);
                Result result = run(tape, backend);
                results.add(result.logits());
                if (tape.isExact()) {
                    assertThat(result.steps())
                            .containsExactly("pack", "spmm_packed+scale_rows", "gemm_packed+add+bias+output");
                }
            }
            assertThat(results.get(1)).as("-Dsgquant.seed=" + seed).isDeepEqualTo(results.get(0));
        }
    }

    /** Stages end before each of the last two times that codes are stored. */
    @Test
    void stepsEndWhereStagesDo() {
        List<StageCache.Stage> stages =
                List.of(new StageCache.Stage(3, "one", List.of()), new StageCache.Stage(8, "two", List.of()));
        for (Backend each : List.of(new CpuBackend(1), new CpuBackend(2))) {
            try (Backend backend = each;
                    StageCache cache = new StageCache(backend, 1 << 20);
                    Plan plan = Plan.compile(layer(Tape.exact()), backend, memory, Set.of(3, 8))) {
                assertThat(plan.stepNames())
                        .containsExactly(
                                "pack",
                                "gemm_packed+scale_rows",
                                "pack",
                                "spmm_packed+scale_rows+bias+relu",
                                "pack",
                                "gemm_packed+output");
                plan.run();
                float[][] expected = logits.toArray();
                for (int run = 0; run < 2; run++) {
                    logits.data().fill((byte) 0);
                    plan.run(cache, stages);
                    assertThat(logits.toArray()).as("-Dsgquant.seed=" + seed).isDeepEqualTo(expected);
                    assertThat(cache.restored()).isEqualTo(run);
                }
            }
        }
    }

    @Test
    void aStageThatEndsWithinAStepIsRefused() {
        try (Backend backend = new CpuBackend(1);
                StageCache cache = new StageCache(backend, 1 << 20);
                Plan plan = Plan.compile(layer(Tape.exact()), backend, memory)) {
            assertThatThrownBy(() -> plan.run(cache, List.of(new StageCache.Stage(3, "one", List.of()))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a stage ends at step 3, within gemm_packed+scale_rows+pack:"
                            + " compile the plan with the ends of its stages");
        }
    }
}
