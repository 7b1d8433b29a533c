package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.Cublas.Operand;
import org.sgquant.cuda.Cusparse.Algorithm;
import org.sgquant.cuda.Cusparse.Operands;
import org.sgquant.cuda.Cusparse.Pattern;
import org.sgquant.cuda.testing.LibraryTests;
import org.sgquant.cuda.testing.OnLibraries;

/** cuBLAS and cuSPARSE through JCuda: products, captures, refusals, what is given back. */
@OnLibraries
class LibraryProductsTest extends OnOpenDevice {

    private MemorySegment floats(float... values) {
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        MemorySegment there = memory.allocate(host.byteSize());
        stream.copyToDevice(host, there, host.byteSize());
        return there;
    }

    private MemorySegment ints(int... values) {
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, values);
        MemorySegment there = memory.allocate(host.byteSize());
        stream.copyToDevice(host, there, host.byteSize());
        return there;
    }

    private float[] read(MemorySegment there) {
        MemorySegment host = arena.allocate(there.byteSize());
        stream.copyToHost(there, host, there.byteSize());
        return host.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Rows {0: 1 and 2, 1: none, 2: 0}. */
    private Pattern pattern() {
        return new Pattern(3, 3, 3, ints(0, 2, 2, 3), ints(1, 2, 0));
    }

    @Test
    void a_product_is_row_major_and_recorded_in_a_capture() {
        MemorySegment a = floats(1, 2, 3, 4, 5, 6);
        MemorySegment b = floats(1, 0, 2, 0, 1, 1);
        MemorySegment c = floats(9, 9, 9, 9);
        Operand left = new Operand(a, 3, false);
        Operand right = new Operand(b, 3, true);
        try (Cublas cublas = device.newCublas(stream)) {
            cublas.gemm(Cublas.Operands.FP32, left, right, c, 2, 2, 2, 3);
            stream.fill(c, (byte) 0, c.byteSize());
            stream.beginCapture();
            cublas.gemm(Cublas.Operands.FP32, left, right, c, 2, 2, 2, 3);
            try (CudaGraph graph = stream.endCapture()) {
                assertThat(read(c)).as("only recorded").containsExactly(0, 0, 0, 0);
                graph.launch(stream);
                assertThat(read(c)).containsExactly(7, 5, 16, 11);
            }
        }
    }

    @Test
    void tensor_cores_read_ten_bits_of_fraction() {
        assumeTrue(LibraryTests.onEmulator(), "cuBLAS may take other cores for a product this small");
        // One bit below what they read, and one that is read.
        MemorySegment a = floats(1 + 0x1p-12f);
        MemorySegment b = floats(1 + 0x1p-10f);
        MemorySegment c = floats(0);
        try (Cublas cublas = device.newCublas(stream)) {
            cublas.gemm(Cublas.Operands.TF32, new Operand(a, 1, false), new Operand(b, 1, false), c, 1, 1, 1, 1);
            assertThat(read(c)).containsExactly(1 + 0x1p-10f);
        }
    }

    @Test
    void a_refused_product_is_one_sentence() {
        MemorySegment a = floats(1, 2);
        try (Cublas cublas = device.newCublas(stream)) {
            Operand narrow = new Operand(a, 1, false);
            assertThatThrownBy(() -> cublas.gemm(Cublas.Operands.FP32, narrow, narrow, a, 2, 1, 2, 2))
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith(
                            "cublasGemmEx: CUBLAS_STATUS_INVALID_VALUE (7): 1x2 by 2x2 of FP32, device 0")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void operands_that_leave_their_memory_fail_the_next_call_that_waits() {
        assumeTrue(LibraryTests.onEmulator(), "a GPU may not notice, or be lost to this process");
        MemorySegment a = floats(1, 2);
        MemorySegment c = floats(0, 0, 0, 0);
        try (Cublas cublas = device.newCublas(stream)) {
            Operand longer = new Operand(a, 2, false);
            cublas.gemm(Cublas.Operands.FP32, longer, longer, c, 2, 2, 2, 2);
            assertThatThrownBy(stream::synchronize).hasMessageContaining("the launches: cublasGemmEx");
        }
    }

    @Test
    void a_sparse_product_is_prepared_once_and_runs_on_other_operands_in_a_capture() {
        MemorySegment x = floats(1, 10, 2, 20, 3, 30);
        MemorySegment out = floats(9, 9, 9, 9, 9, 9);
        for (Algorithm algorithm : Algorithm.values()) {
            try (Cusparse cusparse = device.newCusparse(stream);
                    CusparsePlan plan = cusparse.newProduct(pattern(), Operands.FP32, algorithm, 2, 2)) {
                plan.run(floats(1, 1, 1), x, out);
                assertThat(read(out)).containsExactly(5, 50, 0, 0, 1, 10);
                MemorySegment weights = floats(2, -1, 3);
                MemorySegment other = floats(9, 9, 9, 9, 9, 9);
                stream.beginCapture();
                plan.run(weights, x, other);
                try (CudaGraph graph = stream.endCapture()) {
                    graph.launch(stream);
                    assertThat(read(other)).containsExactly(1, 10, 0, 0, 3, 30);
                }
            }
        }
    }

    @Test
    void samples_are_products_of_rows_where_the_pattern_has_entries() {
        MemorySegment a = floats(1, 2, 3, 4, 5, 6);
        MemorySegment b = floats(1, 1, 0, 1, 2, 0);
        MemorySegment out = floats(9, 9, 9);
        try (Cusparse cusparse = device.newCusparse(stream);
                CusparsePlan plan = cusparse.newSamples(pattern(), Operands.FP32, 2, 2)) {
            plan.run(out, a, b);
            assertThat(read(out)).containsExactly(2, 2, 11);
        }
    }

    @Test
    void a_plan_is_not_prepared_in_a_capture() {
        MemorySegment values = floats(1, 1, 1);
        MemorySegment x = floats(1, 2, 3);
        MemorySegment out = floats(0, 0, 0);
        try (Cusparse cusparse = device.newCusparse(stream);
                CusparsePlan plan = cusparse.newProduct(pattern(), Operands.FP32, Algorithm.ALG3, 1, 1)) {
            stream.beginCapture();
            assertThatThrownBy(() -> plan.run(values, x, out))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("first run of a cuSPARSE plan");
            stream.abortCapture();
        }
    }

    @Test
    void the_recommended_workspace_is_large_where_the_device_is() {
        assertThat(Cublas.workspaceBytes(75)).isEqualTo(4 << 20);
        assertThat(Cublas.workspaceBytes(90)).isEqualTo(32 << 20);
        assertThat(Cublas.workspaceBytes(120)).isEqualTo(4 << 20);
    }
}
