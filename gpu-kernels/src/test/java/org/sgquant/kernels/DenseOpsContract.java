package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** What every {@link DenseOps} does; a subclass per implementation. */
public abstract class DenseOpsContract {

    protected final RandomTensors random = new RandomTensors();

    protected abstract DenseOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    @Test
    void multipliesTwoByTwo() {
        FloatMatrix a = FloatMatrix.of(random.memory(), new float[][] {{1, 2}, {3, 4}});
        FloatMatrix b = FloatMatrix.of(random.memory(), new float[][] {{5, 6}, {7, 8}});
        FloatMatrix c = random.zeros(2, 2);
        ops().gemm(a, false, b, false, c);
        assertThat(c.toArray()).isDeepEqualTo(new float[][] {{19, 22}, {43, 50}});
        ops().gemm(a, true, b, false, c);
        assertThat(c.toArray()).isDeepEqualTo(new float[][] {{26, 30}, {38, 44}});
        ops().gemm(a, false, b, true, c);
        assertThat(c.toArray()).isDeepEqualTo(new float[][] {{17, 23}, {39, 53}});
        ops().gemm(a, true, b, true, c);
        assertThat(c.toArray()).isDeepEqualTo(new float[][] {{23, 31}, {34, 46}});
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "0, 3, 5",
        "3, 0, 5",
        "3, 5, 0",
        "1, 1, 1",
        "1, 33, 31",
        "31, 1, 32",
        "32, 31, 1",
        "33, 32, 33",
        "37, 37, 37",
        "5, 600, 17",
        "3, 257, 100",
        "301, 67, 97",
        "70, 1000, 150"
    })
    void productsOfWholeNumbersAreExactForEveryTransposition(int m, int k, int n) {
        for (int flags = 0; flags < 4; flags++) {
            boolean ta = (flags & 1) != 0;
            boolean tb = (flags & 2) != 0;
            FloatMatrix a = ta ? random.whole(k, m) : random.whole(m, k);
            FloatMatrix b = tb ? random.whole(n, k) : random.whole(k, n);
            FloatMatrix c = random.normal(m, n);
            ops().gemm(a, ta, b, tb, c);
            assertThat(c.toArray())
                    .as("%dx%dx%d, transposed %s %s", m, k, n, ta, tb)
                    .isDeepEqualTo(expected(a, ta, b, tb, m, k, n));
        }
    }

    private static float[][] expected(FloatMatrix a, boolean ta, FloatMatrix b, boolean tb, int m, int k, int n) {
        long[][] sum = new long[m][n];
        for (int t = 0; t < k; t++) {
            for (int i = 0; i < m; i++) {
                long left = (long) (ta ? a.get(t, i) : a.get(i, t));
                for (int j = 0; j < n; j++) {
                    sum[i][j] += left * (long) (tb ? b.get(j, t) : b.get(t, j));
                }
            }
        }
        float[][] c = new float[m][n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                c[i][j] = sum[i][j];
            }
        }
        return c;
    }

    @Test
    void anInfinityAndANaNStayInTheirRow() {
        FloatMatrix a =
                FloatMatrix.of(random.memory(), new float[][] {{Float.POSITIVE_INFINITY, 1}, {1, Float.NaN}, {1, 1}});
        FloatMatrix b = FloatMatrix.of(random.memory(), new float[][] {{1}, {1}});
        FloatMatrix c = random.zeros(3, 1);
        ops().gemm(a, false, b, false, c);
        assertThat(RandomTensors.bits(c.toArray())).isDeepEqualTo(RandomTensors.bits(new float[][] {
            {Float.POSITIVE_INFINITY}, {Float.NaN}, {2}
        }));
    }

    @Test
    void refusesShapesThatDoNotFit() {
        FloatMatrix a = random.zeros(2, 3);
        FloatMatrix b = random.zeros(4, 5);
        FloatMatrix c = random.zeros(2, 5);
        assertThatThrownBy(() -> ops().gemm(a, false, b, false, c))
                .isInstanceOf(ShapeException.class)
                .hasMessage("gemm: rows of op(b) must equal columns of op(a): 4 != 3");
        assertThatThrownBy(() -> ops().gemm(a, false, random.zeros(3, 5), false, random.zeros(2, 4)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("gemm: c: got 2x4, expected 2x5");
    }

    @Test
    void refusesAnOutputThatIsAnOperand() {
        FloatMatrix a = random.zeros(3, 3);
        FloatMatrix b = random.zeros(3, 3);
        assertThatThrownBy(() -> ops().gemm(a, false, b, false, a)).hasMessage("gemm: c and a must not share memory");
        assertThatThrownBy(() -> ops().gemm(a, false, b, false, b)).hasMessage("gemm: c and b must not share memory");
    }
}
