package org.sgquant.perf.workload;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.sgquant.kernels.cuda.KernelList;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedLayout;

/** An operation at any width, by the name that benchmarks give it: on codes with one scale, on floats at 32 bits. */
public enum Kernel {
    SPMM("spmm", Operation::spmm, "spmm_csr_any", "spmm_csr_any", true),
    SPMM_WEIGHTED("spmm-weighted", Operation::spmmWeighted, "spmm_csr_f32", "spmm_csr_weighted", true),
    SPMM_GEMM("spmm-gemm", Operation::spmmGemm, "spmm_gemm_csr_any", "spmm_gemm_csr_any", true),
    GEMM("gemm", Operation::gemm, "gemm_f32_nn", "gemm_packed_64", false),
    GEMM_CODES("gemm-codes", Operation::gemmCodes, "gemm_f32_nn", "gemm_codes", false),
    PACK("pack", Operation::pack, "pack_rows_f32", "pack_rows_q8", false),
    UNPACK("unpack", Operation::unpack, "unpack_rows_f32", "unpack_rows_q8", false);

    /** Widths that everything runs at by default. */
    public static final List<Integer> WIDTHS = List.of(32, 8, 4, 2, 1);

    private static final KernelList DECLARED = KernelList.load();

    private final String word;
    private final IntFunction<Operation> operation;
    private final String ofFloats;
    private final String ofCodes;
    private final boolean gathers;

    Kernel(String word, IntFunction<Operation> operation, String ofFloats, String ofCodes, boolean gathers) {
        this.word = word;
        this.operation = operation;
        this.ofFloats = ofFloats;
        this.ofCodes = ofCodes;
        this.gathers = gathers;
    }

    /** Its name on command lines and in records. */
    public String word() {
        return word;
    }

    public static List<String> words() {
        return Stream.of(values()).map(Kernel::word).toList();
    }

    public static Kernel named(String word) {
        return Stream.of(values())
                .filter(kernel -> kernel.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("kernel '" + word + "' is none of " + words()));
    }

    /** Whether it reads rows of x in the order of edges, so that a gather of these rows is its ceiling. */
    public boolean gathers() {
        return gathers;
    }

    public Operation at(int bits) {
        return operation.apply(bits);
    }

    /** Bytes of a row of {@code cols} values at {@code bits}, padding included. */
    public static int rowBytes(int bits, int cols) {
        return bits == 32 ? FloatMatrix.stride(cols) * Float.BYTES : PackedLayout.rowStride(BitWidth.of(bits), cols);
    }

    /** Bytes read and written, by the traffic formula of its declaration: rows as often as edges read them. */
    public double bytes(int bits, int nodes, int edges, int cols) {
        boolean product = this == GEMM || this == GEMM_CODES || this == SPMM_GEMM;
        Map<String, Double> sizes = new HashMap<>();
        sizes.put("n", (double) nodes);
        sizes.put("m", (double) nodes);
        sizes.put("nnz", (double) edges);
        sizes.put("f", (double) (product ? Operation.HIDDEN : cols));
        sizes.put("k", (double) cols);
        sizes.put("r", (double) rowBytes(bits, cols));
        String name = bits == 32 ? ofFloats : ofCodes;
        return Traffic.bytes(
                DECLARED.all().stream()
                        .filter(declared -> declared.name().equals(name))
                        .findFirst()
                        .orElseThrow()
                        .traffic(),
                sizes);
    }
}
