package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.SparseMatrix;

/** Sparse features are packed as their dense matrix is. */
final class FeatureQuantizerTest {

    private static final int[] BOUNDS = {0, 3, 3, 17};
    private static final int COLS = 33;

    /** A non-negative matrix with an empty row, a full row and an empty column, in both forms. */
    private record Pair(SparseMatrix sparse, FloatMatrix dense) {
        static Pair random(Random random, HostMemory memory) {
            int rows = BOUNDS[BOUNDS.length - 1];
            FloatMatrix dense = FloatMatrix.allocate(memory, rows, COLS);
            int[] rowPtr = new int[rows + 1];
            List<Integer> cols = new ArrayList<>();
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < COLS - 1; c++) {
                    if (r != 1 && (r == 2 || random.nextInt(5) == 0)) {
                        dense.set(r, c, random.nextFloat() * (1 + random.nextInt(4)));
                        cols.add(c);
                    }
                }
                rowPtr[r + 1] = cols.size();
            }
            CsrGraph pattern = CsrGraph.of(
                    memory, COLS, rowPtr, cols.stream().mapToInt(c -> c).toArray());
            FloatMatrix values = FloatMatrix.allocate(memory, 1, cols.size());
            for (int r = 0; r < rows; r++) {
                for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                    values.set(0, e, dense.get(r, cols.get(e)));
                }
            }
            return new Pair(new SparseMatrix(pattern, values), dense);
        }
    }

    private static QuantScheme scheme(HostMemory memory, BitWidth width, Granularity granularity, Rounding rounding) {
        return QuantScheme.create(memory, "X", BOUNDS, COLS, List.of(width, width, width), granularity, rounding);
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    void codesScalesAndFakeQuantizedValuesAreThoseOfTheDensePath(BitWidth width) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        for (Granularity granularity : Granularity.values()) {
            for (Rounding rounding : Rounding.values()) {
                try (HostMemory memory = new HostMemory()) {
                    Pair x = Pair.random(new Random(seed), memory);
                    QuantScheme scheme = scheme(memory, width, granularity, rounding);
                    FeatureQuantizer quantizer = new FeatureQuantizer(x.sparse(), null, scheme);
                    quantizer.calibrate(Calibration.MIN_MAX);
                    String what =
                            "%s %s %s, replay with -Dsgquant.seed=%d".formatted(width, granularity, rounding, seed);
                    requireSameRanges(x, scheme, memory, what);
                    PackedMatrix dense = PackedMatrix.allocate(memory, scheme);
                    new ReferencePackedOps().pack(x.dense(), dense);
                    PackedMatrix sparse = quantizer.pack(memory);
                    FloatMatrix unpacked =
                            FloatMatrix.allocate(memory, x.dense().rows(), COLS);
                    new ReferencePackedOps().unpack(dense, unpacked);
                    for (int b = 0; b < 3; b++) {
                        assertThat(sparse.data(b)
                                        .asSlice(0, sparse.dataBytes(b))
                                        .mismatch(dense.data(b).asSlice(0, dense.dataBytes(b))))
                                .as(what)
                                .isEqualTo(-1);
                        assertThat(sparse.rowCodes(b).mismatch(dense.rowCodes(b)))
                                .as(what)
                                .isEqualTo(-1);
                    }
                    float[] fake = quantizer.fakeQuantized();
                    CsrGraph pattern = x.sparse().pattern();
                    for (int r = 0; r < pattern.numRows(); r++) {
                        for (int e = pattern.rowPtr().get(r);
                                e < pattern.rowPtr().get(r + 1);
                                e++) {
                            assertThat(fake[e])
                                    .as(what)
                                    .isEqualTo(unpacked.get(r, pattern.colIdx().get(e)));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    void rangesOfRowCodesAreThoseOfTheDensePathForEveryCalibration(BitWidth width) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        for (Calibration calibration : List.of(Calibration.MSE, Calibration.ROW_MEAN, Calibration.percentile(0.9))) {
            try (HostMemory memory = new HostMemory()) {
                Pair x = Pair.random(new Random(seed), memory);
                QuantScheme actual = scheme(memory, width, Granularity.ROW_CODE, Rounding.NEAREST);
                QuantScheme expected = scheme(memory, width, Granularity.ROW_CODE, Rounding.NEAREST);
                new FeatureQuantizer(x.sparse(), null, actual).calibrate(calibration);
                new ReferencePackedOps().calibrate(x.dense(), expected, calibration);
                for (int b = 0; b < 3; b++) {
                    var a = actual.blocks().get(b).params();
                    var e = expected.blocks().get(b).params();
                    assertThat(a.scale().row(0))
                            .as("%s %s, replay with -Dsgquant.seed=%d", width, calibration, seed)
                            .containsExactly(e.scale().row(0));
                    assertThat(a.offset().row(0)).containsOnly(0f);
                }
            }
        }
    }

    /** Every row and column has a zero where the range starts, except the full row: there the dense range is shorter. */
    private static void requireSameRanges(Pair x, QuantScheme scheme, HostMemory memory, String what) {
        QuantScheme dense = scheme(memory, scheme.blocks().get(0).bits(), scheme.granularity(), scheme.rounding());
        new ReferencePackedOps().calibrate(x.dense(), dense, Calibration.MIN_MAX);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            var expected = dense.blocks().get(b).params();
            var actual = scheme.blocks().get(b).params();
            for (int i = 0; i < actual.scale().cols(); i++) {
                boolean startsAtZero = expected.offset().get(0, i) == 0;
                if (startsAtZero && scheme.blocks().get(b).rows() > 0) {
                    assertThat(actual.scale().get(0, i))
                            .as(what)
                            .isEqualTo(expected.scale().get(0, i));
                    assertThat(actual.offset().get(0, i)).as(what).isZero();
                }
            }
        }
    }

    @Test
    void everyCalibrationChoosesARangeFromZeroThatTheDenseOneChoosesToo() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        try (HostMemory memory = new HostMemory()) {
            Pair x = Pair.random(new Random(seed), memory);
            for (Calibration calibration :
                    List.of(Calibration.MIN_MAX, Calibration.MSE, Calibration.percentile(0.99))) {
                QuantScheme sparse = scheme(memory, BitWidth.Q4, Granularity.TENSOR, Rounding.NEAREST);
                QuantScheme dense = scheme(memory, BitWidth.Q4, Granularity.TENSOR, Rounding.NEAREST);
                new FeatureQuantizer(x.sparse(), null, sparse).calibrate(calibration);
                new ReferencePackedOps().calibrate(x.dense(), dense, calibration);
                float offset = dense.blocks().get(0).params().offset().get(0, 0);
                if (offset == 0) {
                    assertThat(sparse.blocks().get(0).params().scale().get(0, 0))
                            .as("%s, replay with -Dsgquant.seed=%d", calibration, seed)
                            .isCloseTo(dense.blocks().get(0).params().scale().get(0, 0), withinPercentage(1e-4));
                } else {
                    assertThat(calibration).isEqualTo(Calibration.MSE);
                }
            }
        }
    }

    @Test
    void aFactorScalesRowsFirstAndBadValuesAreNamed() {
        try (HostMemory memory = new HostMemory()) {
            CsrGraph pattern = CsrGraph.of(memory, 2, new int[] {0, 1, 2}, new int[] {0, 1});
            QuantScheme scheme = QuantScheme.uniform(memory, "L1.embedding", 2, 2, BitWidth.Q8, Granularity.ROW);
            SparseMatrix x = new SparseMatrix(pattern, FloatMatrix.ofVector(memory, 2, 3));
            FeatureQuantizer quantizer = new FeatureQuantizer(x, new float[] {0.5f, 2}, scheme);
            quantizer.calibrate(Calibration.MIN_MAX);
            assertThat(quantizer.fakeQuantized()).containsExactly(1, 6);
            SparseMatrix negative = new SparseMatrix(pattern, FloatMatrix.ofVector(memory, 2, -3));
            assertThatThrownBy(() -> new FeatureQuantizer(negative, null, scheme))
                    .hasMessage("L1.embedding: sparse features must not be negative, got -3.0 at row 1, column 1");
            SparseMatrix nan = new SparseMatrix(pattern, FloatMatrix.ofVector(memory, Float.NaN, 1));
            assertThatThrownBy(() -> new FeatureQuantizer(nan, null, scheme))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("L1.embedding");
        }
    }
}
