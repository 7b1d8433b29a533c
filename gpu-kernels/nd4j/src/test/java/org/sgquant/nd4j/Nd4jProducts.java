package org.sgquant.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DenseOpsContract;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** What training may rely on beyond the contract: every product is as good as float32 sums are. */
abstract class Nd4jProducts extends DenseOpsContract {

    private final DenseOps ops;

    Nd4jProducts(DenseOps ops) {
        this.ops = ops;
    }

    @Override
    protected final DenseOps ops() {
        return ops;
    }

    @Test
    void sums_are_within_the_rounding_of_float32() {
        int m = 67;
        int k = 1433;
        int n = 33;
        for (int flags = 0; flags < 4; flags++) {
            boolean ta = (flags & 1) != 0;
            boolean tb = (flags & 2) != 0;
            FloatMatrix a = ta ? random.normal(k, m) : random.normal(m, k);
            FloatMatrix b = tb ? random.normal(n, k) : random.normal(k, n);
            FloatMatrix c = random.zeros(m, n);
            ops.gemm(a, ta, b, tb, c);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    double magnitude = 0;
                    for (int t = 0; t < k; t++) {
                        double term = (double) (ta ? a.get(t, i) : a.get(i, t)) * (tb ? b.get(j, t) : b.get(t, j));
                        sum += term;
                        magnitude += Math.abs(term);
                    }
                    // Of any order of k sums: k 2^-24 of the magnitudes.
                    assertThat((double) c.get(i, j))
                            .as("(%d, %d), transposed %s %s", i, j, ta, tb)
                            .isBetween(sum - k * 0x1p-24 * magnitude, sum + k * 0x1p-24 * magnitude);
                }
            }
        }
    }

    @Test
    void operands_that_changed_are_read_anew() {
        FloatMatrix a = random.whole(3, 5);
        FloatMatrix b = random.whole(5, 2);
        FloatMatrix c = random.zeros(3, 2);
        ops.gemm(a, false, b, false, c);
        float before = c.get(2, 1);
        a.set(2, 4, a.get(2, 4) + 1);
        ops.gemm(a, false, b, false, c);
        assertThat(c.get(2, 1)).isEqualTo(before + b.get(4, 1));
    }

    @Test
    void an_operand_whose_memory_is_closed_is_refused_by_name_even_where_it_was_used_before() {
        int[][] shapes = {{3, 5}, {5, 2}, {3, 2}};
        String[] names = {"a", "b", "c"};
        for (int closed = 0; closed < shapes.length; closed++) {
            FloatMatrix[] operands = new FloatMatrix[shapes.length];
            HostMemory memory = new HostMemory();
            for (int i = 0; i < operands.length; i++) {
                operands[i] = i == closed
                        ? FloatMatrix.allocate(memory, shapes[i][0], shapes[i][1])
                        : random.whole(shapes[i][0], shapes[i][1]);
            }
            ops.gemm(operands[0], false, operands[1], false, operands[2]);
            memory.close();
            assertThatThrownBy(() -> ops.gemm(operands[0], false, operands[1], false, operands[2]))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("gemm by nd4j: " + names[closed] + ", " + shapes[closed][0] + "x" + shapes[closed][1]
                            + " float32, lies in memory that is closed");
        }
    }
}
