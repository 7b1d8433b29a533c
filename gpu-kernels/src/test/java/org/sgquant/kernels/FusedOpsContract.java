package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/** A product and what follows it in one call have the bits of the operations of another backend one after another. */
public interface FusedOpsContract {

    int SOURCES = 12;

    Backend backend();

    /** Whose operations say what is right. */
    default Backend oracle() {
        return new ReferenceBackend();
    }

    /** Edges of a row that has many. */
    default int hub() {
        return 90;
    }

    /** Writes what the operations of {@code oracle} make of a product one after another, each to a matrix of its own. */
    private static void inSequence(
            PackedFixture f, Backend oracle, PackedProduct product, List<Epilogue.Step> steps, FloatMatrix out) {
        FloatMatrix x = f.output(product.rows(), product.cols());
        product.into(oracle, x);
        for (Epilogue.Step step : steps) {
            FloatMatrix next = f.output(product.rows(), product.cols());
            step.apply(oracle.elementwise(), x, next);
            x = next;
        }
        oracle.elementwise().copy(x, out);
    }

    private FusedOps fused() {
        return backend().fused().orElseThrow();
    }

    /** Checks both destinations; {@code scheme} gets the ranges of what is kept. */
    private void check(
            PackedFixture f,
            Backend oracle,
            PackedProduct product,
            List<Epilogue.Step> steps,
            QuantScheme scheme,
            String what) {
        FloatMatrix expected = f.output(product.rows(), product.cols());
        inSequence(f, oracle, product, steps, expected);
        FloatMatrix floats = f.output(product.rows(), product.cols());
        fused().run(product, new Epilogue(steps, new Epilogue.Floats(floats)));
        f.assertSameBits(floats, expected, what);
        PackedMatrix codes = f.packed(oracle.packed(), expected, scheme);
        PackedMatrix actual = PackedMatrix.allocate(f.memory, scheme);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            actual.data(b).fill((byte) -1);
        }
        fused().run(product, new Epilogue(steps, new Epilogue.Codes(actual)));
        f.assertSameCodes(actual, codes, what);
    }

    /** None, those of a layer, and those of a sum of two products. */
    private static List<List<Epilogue.Step>> steps(PackedFixture f, int rows, int cols) {
        Epilogue.Step scale = new Epilogue.ScaleRows(f.matrix(1, rows));
        Epilogue.Step bias = new Epilogue.AddBias(f.matrix(1, cols));
        Epilogue.Step add = new Epilogue.AddTo(f.matrix(rows, cols));
        Epilogue.Step relu = new Epilogue.Relu();
        return List.of(List.of(), List.of(scale, bias, relu, scale), List.of(add, bias, relu));
    }

    private static List<PackedProduct> products(
            PackedFixture f, PackedOps ops, CsrGraph graph, int cols, BitWidth bits, Granularity granularity) {
        int sources = graph.numCols();
        QuantScheme scheme = f.scheme(sources, cols, bits, granularity, Rounding.NEAREST);
        PackedMatrix x = f.packed(ops, f.matrix(sources, cols), scheme);
        QuantScheme wide = f.scheme(sources, 21, bits, granularity, Rounding.NEAREST);
        PackedMatrix a = f.packed(ops, f.matrix(sources, 21), wide);
        FloatMatrix w = f.matrix(21, cols);
        List<PackedProduct> products = new ArrayList<>(List.of(
                new PackedProduct.Sum(graph, null, x),
                new PackedProduct.Sum(graph, f.weights(ops, graph, BitWidth.Q8, BitWidth.Q3), x),
                new PackedProduct.Gemm(a, w),
                new PackedProduct.SumGemm(graph, null, a, f.matrix(1, graph.numRows()), w)));
        PackedMatrix right = f.packed(ops, w, f.uniform(21, cols, BitWidth.Q4, Granularity.TENSOR));
        if (a.scheme().hasIntegerProduct(right.scheme())) {
            products.add(new PackedProduct.CodeGemm(a, right));
        }
        return products;
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void every_product_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture();
                Backend oracle = oracle()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            int turn = bits.bits();
            for (int cols : new int[] {0, 1, 31, 32, 33, 67}) {
                for (Granularity granularity : Granularity.values()) {
                    for (PackedProduct p : products(f, oracle.packed(), graph, cols, bits, granularity)) {
                        // One of them each, so that all of them meet all of it in the end.
                        List<Epilogue.Step> steps = steps(f, p.rows(), cols).get(turn++ % 3);
                        QuantScheme scheme = f.scheme(p.rows(), cols, bits, granularity, Rounding.NEAREST);
                        String what = bits + " " + granularity + " F=" + cols + " "
                                + p.getClass().getSimpleName() + " " + steps.size();
                        check(f, oracle, p, steps, scheme, what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q[1-8]", mode = EnumSource.Mode.MATCH_ALL)
    default void products_of_sparse_rows_have_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture();
                Backend oracle = oracle()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            PackedMatrix dense = SparsePackedFixture.packed(f, SOURCES, 70, bits, Granularity.BUCKET);
            SparsePackedMatrix x = SparsePacker.encode(dense, f.memory);
            FloatMatrix w = f.matrix(70, 33);
            List<PackedProduct> products = List.of(
                    new PackedProduct.SparseSum(graph, x),
                    new PackedProduct.SparseGemm(x, w),
                    new PackedProduct.SparseSumGemm(graph, x, f.matrix(1, graph.numRows()), w));
            for (PackedProduct p : products) {
                for (List<Epilogue.Step> steps : steps(f, p.rows(), p.cols())) {
                    QuantScheme scheme = f.scheme(p.rows(), p.cols(), bits, Granularity.COLUMN, Rounding.PAPER);
                    check(f, oracle, p, steps, scheme, bits + " " + p.getClass().getSimpleName());
                }
            }
        }
    }

    /** Many tiles in many chunks with a hub, on so many columns. */
    default void assertLargeProducts(Backend oracle, int cols, Granularity granularity) {
        try (PackedFixture f = new PackedFixture()) {
            int[] degrees = new int[2003];
            Arrays.setAll(degrees, i -> i == 700 ? hub() : f.random.nextInt(9));
            CsrGraph graph = f.graph(degrees.length, degrees);
            for (PackedProduct p : products(f, oracle.packed(), graph, cols, BitWidth.Q5, granularity)) {
                List<Epilogue.Step> steps = steps(f, p.rows(), cols).get(1);
                QuantScheme scheme = f.scheme(p.rows(), cols, BitWidth.Q3, granularity, Rounding.NEAREST);
                check(f, oracle, p, steps, scheme, "F=" + cols + " " + p.getClass());
            }
        }
    }

    @Test
    default void the_first_value_that_is_not_finite_is_named() {
        try (PackedFixture f = new PackedFixture();
                Backend oracle = oracle()) {
            int[] degrees = new int[2003];
            Arrays.setAll(degrees, i -> i == 1500 ? hub() : f.random.nextInt(9));
            CsrGraph graph = f.graph(9, degrees);
            QuantScheme scheme = f.uniform(9, 67, BitWidth.Q4, Granularity.TENSOR);
            PackedProduct sum = new PackedProduct.Sum(graph, null, f.packed(oracle.packed(), f.matrix(9, 67), scheme));
            FloatMatrix a = f.matrix(degrees.length, 67);
            a.set(1500, 3, Float.NaN);
            assertNamed(f, sum, a, "L2.embedding: value NaN at row 1500, column 3 cannot be quantized");
            a.set(701, 0, Float.POSITIVE_INFINITY);
            a.set(700, 66, Float.NaN);
            assertNamed(f, sum, a, "L2.embedding: value NaN at row 700, column 66 cannot be quantized");
            a.set(5, 5, Float.POSITIVE_INFINITY);
            assertNamed(f, sum, a, "L2.embedding: value Infinity at row 5, column 5 cannot be quantized");
        }
    }

    private void assertNamed(PackedFixture f, PackedProduct sum, FloatMatrix a, String message) {
        QuantScheme scheme =
                QuantScheme.uniform(f.memory, "L2.embedding", sum.rows(), sum.cols(), BitWidth.Q4, Granularity.TENSOR);
        Epilogue.Codes to = new Epilogue.Codes(PackedMatrix.allocate(f.memory, scheme));
        Epilogue epilogue = new Epilogue(List.of(new Epilogue.AddTo(a), new Epilogue.Relu()), to);
        assertThatThrownBy(() -> fused().run(sum, epilogue))
                .isInstanceOf(NonFiniteException.class)
                .hasMessage(message);
    }

    @Test
    default void operands_that_do_not_fit_are_refused() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(3, 2, 2);
            PackedMatrix x = PackedMatrix.allocate(f.memory, f.uniform(3, 5, BitWidth.Q4, Granularity.TENSOR));
            assertThatThrownBy(() -> new PackedProduct.Sum(f.graph(4, 1), null, x))
                    .isInstanceOf(ShapeException.class);
            PackedProduct sum = new PackedProduct.Sum(graph, null, x);
            FloatMatrix out = f.output(2, 5);
            List<Epilogue> wrong = List.of(
                    Epilogue.to(f.output(2, 6)),
                    new Epilogue(List.of(), new Epilogue.Codes(x)),
                    new Epilogue(List.of(new Epilogue.AddBias(f.matrix(1, 4))), new Epilogue.Floats(out)),
                    new Epilogue(List.of(new Epilogue.ScaleRows(f.matrix(1, 3))), new Epilogue.Floats(out)),
                    new Epilogue(List.of(new Epilogue.AddTo(f.matrix(3, 5))), new Epilogue.Floats(out)));
            for (Epilogue epilogue : wrong) {
                assertThatThrownBy(() -> fused().run(sum, epilogue))
                        .isInstanceOf(ShapeException.class)
                        .hasMessageStartingWith("epilogue: ");
            }
        }
    }
}
