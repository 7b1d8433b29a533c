package org.sgquant.kernels;

import java.util.List;

/**
 * Who computes the float products of training: {@code --dense} and {@code --sparse}. Packed inference has kernels of
 * its own, whatever is chosen here.
 *
 * @param dense {@link DenseLibrary#OWN}, one of {@link #CUBLAS}, or the name of a {@link DenseLibrary}
 * @param sparse {@link DenseLibrary#OWN} or one of {@link #CUSPARSE}
 */
public record TrainingLibraries(String dense, String sparse) {

    /** Nothing of a library. */
    public static final TrainingLibraries NONE = new TrainingLibraries(DenseLibrary.OWN, DenseLibrary.OWN);

    /**
     * Dense products on a CUDA device: operands in fp32, read as TF32, rounded to fp16 (but those of the backward pass,
     * which stay fp32), to bf16; sums in fp32.
     */
    public static final List<String> CUBLAS = List.of("cublas", "cublas-tf32", "cublas-fp16", "cublas-bf16");

    /**
     * Aggregation on a CUDA device: operands in fp32, or rounded to fp16; sums in fp32. The same bits in every run, but
     * for alg2, cuSPARSE's other algorithm for rows.
     */
    public static final List<String> CUSPARSE =
            List.of("cusparse", "cusparse-fp16", "cusparse-alg2", "cusparse-alg2-fp16");

    public TrainingLibraries {
        if (!sparse.equals(DenseLibrary.OWN) && !CUSPARSE.contains(sparse)) {
            throw new IllegalArgumentException("sparse algebra '" + sparse + "' does not exist: choose "
                    + DenseLibrary.OWN + ", " + String.join(", ", CUSPARSE));
        }
        if (!sparse.equals(DenseLibrary.OWN) && !dense.equals(DenseLibrary.OWN) && !CUBLAS.contains(dense)) {
            throw new IllegalArgumentException("sparse algebra '" + sparse + "' works on a CUDA device, dense algebra '"
                    + dense + "' on the memory of the CPU: choose one of them");
        }
    }

    /** Whether something of a library of CUDA is asked for. */
    boolean needCuda() {
        return !sparse.equals(DenseLibrary.OWN) || CUBLAS.contains(dense);
    }

    /** As in {@code dense algebra 'cublas' and sparse algebra 'cusparse'}: what is not our own. */
    String describe() {
        String text = dense.equals(DenseLibrary.OWN) ? "" : "dense algebra '" + dense + "'";
        return sparse.equals(DenseLibrary.OWN)
                ? text
                : text + (text.isEmpty() ? "" : " and ") + "sparse algebra '" + sparse + "'";
    }
}
