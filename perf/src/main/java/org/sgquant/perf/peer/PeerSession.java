package org.sgquant.perf.peer;

import java.util.Optional;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/**
 * A {@link Peer} on a fixed number of threads: readies operations over operands in memory of this process.
 *
 * <p>What may be done once for many runs, as converting operands and inspector hints, belongs to the readying; a
 * {@link PeerRun} then computes into {@code out}, where its result is compared with the reference. An operation that
 * the library does not have is empty. Operands outlive the runs, and runs are closed before the session. Sessions of
 * several thread counts and several libraries are open at a time and take turns, one run at a time: where a library
 * has one setting for the whole process, each run sets it.
 */
public interface PeerSession extends AutoCloseable {

    /** Library and version, and what of it is used: {@code Intel oneMKL 2025.2, AVX-512}. */
    String version();

    /** {@code out_i = sum over edges e of row i of values_e * x_col(e)} in fp32; {@code values} null for ones. */
    default Optional<PeerRun> spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        return Optional.empty();
    }

    /**
     * {@code out_i = sum over edges e of row i of fma(scale, code_col(e), offset)} of quantized {@code x}, one block
     * of 8, 4, 2 or 1 bits with one scale; the codes may be brought into a layout of the library's own.
     */
    default Optional<PeerRun> spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        return Optional.empty();
    }

    /** {@code out = a b} in fp32. Shapes: a m x k, b k x n, out m x n. */
    default Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        return Optional.empty();
    }

    /** Whether it infers or trains {@link PeerGcn}, whose dense features are made for those alone that do. */
    default boolean hasGcn() {
        return false;
    }

    /** {@code out = logits} of {@link PeerGcn} in fp32: one inference per run. */
    default Optional<PeerRun> gcnInference(PeerGcn gcn, FloatMatrix out) {
        return Optional.empty();
    }

    /**
     * One epoch of training of {@link PeerGcn} per run: forward with dropout on input and hidden rows, mean
     * cross-entropy of the training nodes, backward, a step of Adam, and the accuracy of the validation nodes. Weights
     * are copied when it is readied.
     */
    default Optional<PeerRun> gcnEpoch(PeerGcn gcn, PeerGcn.Training training) {
        return Optional.empty();
    }

    @Override
    void close();
}
