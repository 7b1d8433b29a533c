package org.sgquant.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.ShapeException;

class Nd4jArraysTest {

    private static final String WAY_OUT = "; Nd4jArrays.allocate makes such arrays, Nd4jArrays.copy takes any";

    private final RandomTensors random = new RandomTensors();

    @BeforeAll
    static void loadNd4j() {
        Nd4jBackend.load();
    }

    @AfterEach
    void free() {
        random.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 31", "31, 1", "32, 32", "33, 31", "31, 33", "37, 16", "5, 257"})
    void what_one_side_writes_the_other_reads(int rows, int cols) {
        FloatMatrix matrix = random.normal(rows, cols);
        float[][] values = matrix.toArray();
        INDArray array = Nd4jArrays.array(matrix);
        assertThat(array.shape()).containsExactly(rows, cols);
        assertThat(array.toFloatMatrix()).isDeepEqualTo(values);
        // Sums over the array see no padding, which is NaN here.
        assertThat(array.sumNumber().floatValue()).isNotNaN();
        array.putScalar(rows - 1, cols - 1, 42);
        assertThat(matrix.get(rows - 1, cols - 1)).isEqualTo(42);
        matrix.set(rows / 2, cols / 2, -7);
        assertThat(array.getFloat(rows / 2, cols / 2)).isEqualTo(-7);
        array.addi(1);
        assertThat(matrix.get(rows / 2, cols / 2)).isEqualTo(-6);

        FloatMatrix back = Nd4jArrays.matrix(array);
        assertThat(back.data().address()).isEqualTo(matrix.data().address());
        assertThat(back.toArray()).isDeepEqualTo(matrix.toArray());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 31", "31, 1", "32, 32", "33, 31", "31, 33", "37, 16", "5, 257"})
    void an_allocated_array_is_zero_and_seen_as_a_matrix(int rows, int cols) {
        INDArray array = Nd4jArrays.allocate(rows, cols);
        FloatMatrix matrix = Nd4jArrays.matrix(array);
        assertThat(matrix.data().address() % Memory.ALIGNMENT).isZero();
        assertThat(matrix.data().byteSize()).isEqualTo(matrix.bytes());
        assertThat(matrix.toArray()).isDeepEqualTo(new float[rows][cols]);
        matrix.set(rows - 1, cols - 1, 3);
        assertThat(array.getFloat(rows - 1, cols - 1)).isEqualTo(3);
        array.putScalar(0, 0, 5);
        assertThat(matrix.get(0, 0)).isEqualTo(5);
        // Kernels may write into the padding: it must belong to the array.
        matrix.data().fill((byte) -1);
        assertThat(array.getFloat(rows - 1, cols - 1)).isNaN();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 5", "5, 0"})
    void nothing_stays_nothing(int rows, int cols) {
        INDArray array = Nd4jArrays.array(FloatMatrix.allocate(random.memory(), rows, cols));
        assertThat(array.shape()).containsExactly(rows, cols);
        for (INDArray empty : new INDArray[] {array, Nd4jArrays.allocate(rows, cols)}) {
            FloatMatrix matrix = Nd4jArrays.matrix(empty);
            assertThat(matrix.rows()).isEqualTo(rows);
            assertThat(matrix.cols()).isEqualTo(cols);
            assertThat(Nd4jArrays.copy(empty, random.memory()).bytes()).isZero();
        }
    }

    @Test
    void a_matrix_keeps_its_array_from_the_garbage_collector() throws InterruptedException {
        FloatMatrix[] matrices = new FloatMatrix[50];
        for (int i = 0; i < matrices.length; i++) {
            matrices[i] = Nd4jArrays.matrix(Nd4jArrays.allocate(100, 1000));
            matrices[i].set(99, 999, i);
        }
        for (int round = 0; round < 5; round++) {
            System.gc();
            Thread.sleep(20);
            // Would take the place of what had been freed.
            for (int i = 0; i < matrices.length; i++) {
                Nd4j.createUninitialized(DataType.FLOAT, 100, 1000).assign(-1);
            }
        }
        for (int i = 0; i < matrices.length; i++) {
            assertThat(matrices[i].get(99, 999)).isEqualTo(i);
        }
    }

    @Test
    void no_array_is_made_of_a_matrix_whose_memory_is_closed() {
        HostMemory memory = new HostMemory();
        FloatMatrix matrix = FloatMatrix.allocate(memory, 3, 5);
        memory.close();
        assertThatThrownBy(() -> Nd4jArrays.array(matrix))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Nd4jArrays.array: the matrix, 3x5 float32, lies in memory that is closed");
    }

    @Test
    void features_of_nd4j_go_in_and_embeddings_come_out() {
        INDArray features = Nd4jArrays.allocate(33, 31);
        INDArray weights = Nd4jArrays.allocate(31, 7);
        features.assign(Nd4j.rand(DataType.FLOAT, 33, 31));
        weights.assign(Nd4j.rand(DataType.FLOAT, 31, 7));
        FloatMatrix hidden = random.zeros(33, 7);
        try (Backend backend = new CpuBackend(1)) {
            backend.dense().gemm(Nd4jArrays.matrix(features), false, Nd4jArrays.matrix(weights), false, hidden);
        }
        INDArray embeddings = Nd4jArrays.array(hidden);
        assertThat(embeddings.equalsWithEps(features.mmul(weights), 1e-4)).isTrue();
        assertThat(embeddings.sumNumber().doubleValue()).isGreaterThan(1);
    }

    @Test
    void arrays_of_another_layout_are_refused_by_what_they_are() {
        refused(Nd4j.create(DataType.FLOAT, 4, 3, 16), "rank 3, expected a matrix");
        refused(Nd4j.create(DataType.DOUBLE, 4, 16), "values of type DOUBLE, expected FLOAT");
        refused(
                Nd4j.create(DataType.FLOAT, new long[] {4, 16}, 'f'),
                "strides [1, 4] (order 'f'), expected rows 16 floats apart, [16, 1]");
        refused(
                Nd4j.create(DataType.FLOAT, 4, 5),
                "strides [5, 1] (order 'c'), expected rows 16 floats apart, [16, 1]");
        INDArray wide = Nd4jArrays.allocate(4, 32);
        refused(
                wide.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 32)),
                "strides [32, 2] (order 'c'), expected rows 16 floats apart, [16, 1]");
        refused(wide.transpose(), "strides [1, 32] (order 'f'), expected rows 16 floats apart, [16, 1]");
    }

    @Test
    void memory_off_a_cache_line_is_refused() {
        INDArray whole = Nd4jArrays.array(random.zeros(1, 128));
        INDArray shifted = Nd4j.create(whole.data(), new long[] {3, 16}, new long[] {16, 1}, 5, 'c');
        refused(shifted, "memory at 20 bytes past a multiple of 64, expected memory on a multiple of 64");
    }

    @Test
    void a_last_row_without_padding_is_refused() {
        INDArray tight = Nd4jArrays.allocate(2, 16);
        INDArray tail = Nd4j.create(
                Nd4j.createBuffer(tight.data().addressPointer(), 21, DataType.FLOAT),
                new long[] {2, 5},
                new long[] {16, 1},
                0,
                'c');
        refused(tail, "21 floats of memory, expected 32, the padding of the last row included");
    }

    @Test
    void an_array_of_a_workspace_is_refused() {
        try (MemoryWorkspace workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace("test")) {
            INDArray array = Nd4j.create(DataType.FLOAT, 4, 16);
            assertThat(workspace.isScopeActive()).isTrue();
            refused(array, "an array of a workspace, whose memory is used anew, expected one of its own (detach())");
        }
    }

    private static void refused(INDArray array, String gotAndExpected) {
        assertThatThrownBy(() -> Nd4jArrays.matrix(array))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Nd4jArrays.matrix: got " + gotAndExpected + WAY_OUT);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 31", "31, 1", "32, 32", "33, 31", "37, 16"})
    void any_matrix_can_be_copied(int rows, int cols) {
        FloatMatrix expected = random.whole(rows, cols);
        INDArray array = Nd4j.create(expected.toArray());
        for (INDArray form : new INDArray[] {
            array,
            array.dup('f'),
            array.castTo(DataType.DOUBLE),
            array.transpose().dup('c').transpose()
        }) {
            FloatMatrix copy = Nd4jArrays.copy(form, random.memory());
            assertThat(copy.toArray()).isDeepEqualTo(expected.toArray());
        }
        FloatMatrix copy = Nd4jArrays.copy(array, random.memory());
        array.addi(1);
        assertThat(copy.toArray()).isDeepEqualTo(expected.toArray());
        assertThatThrownBy(() -> Nd4jArrays.copy(Nd4j.create(2, 2, 2), random.memory()))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Nd4jArrays.copy: got rank 3, expected a matrix");
    }
}
