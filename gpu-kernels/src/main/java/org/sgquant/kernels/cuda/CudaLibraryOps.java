package org.sgquant.kernels.cuda;

import org.sgquant.cuda.Cublas;
import org.sgquant.cuda.CudaLibraries;
import org.sgquant.cuda.CudaLibrary;
import org.sgquant.cuda.Cusparse.Algorithm;
import org.sgquant.cuda.Cusparse.Operands;
import org.sgquant.kernels.Aggregation;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.TrainingLibraries;

/** What a CUDA backend trains with, by the names of {@link TrainingLibraries}. */
final class CudaLibraryOps {

    private CudaLibraryOps() {}

    static DenseOps dense(Launcher launcher, TrainingLibraries libraries) {
        return switch (libraries.dense()) {
            case DenseLibrary.OWN -> new CudaDenseOps(launcher);
            case "cublas" -> new CublasDenseOps(launcher, Cublas.Operands.FP32);
            case "cublas-tf32" -> new CublasDenseOps(launcher, Cublas.Operands.TF32);
            case "cublas-fp16" -> new CublasDenseOps(launcher, Cublas.Operands.FP16);
            case "cublas-bf16" -> new CublasDenseOps(launcher, Cublas.Operands.BF16);
            default ->
                throw new IllegalArgumentException(
                        "dense algebra '" + libraries.dense() + "' does not work on a CUDA device");
        };
    }

    static Aggregation aggregation(Launcher launcher, TrainingLibraries libraries, Aggregation own) {
        return switch (libraries.sparse()) {
            case "cusparse" -> new CusparseAggregation(launcher, Operands.FP32, Algorithm.ALG3, own);
            case "cusparse-fp16" -> new CusparseAggregation(launcher, Operands.FP16, Algorithm.ALG3, own);
            case "cusparse-alg2" -> new CusparseAggregation(launcher, Operands.FP32, Algorithm.ALG2, own);
            case "cusparse-alg2-fp16" -> new CusparseAggregation(launcher, Operands.FP16, Algorithm.ALG2, own);
            case DenseLibrary.OWN -> own;
            default ->
                throw new IllegalArgumentException(
                        "sparse algebra '" + libraries.sparse() + "' does not work on a CUDA device");
        };
    }

    /** As in {@code , dense products by cublas (cuBLAS 12.6.3 from the system: ...)}; nothing for our own kernels. */
    static String describe(TrainingLibraries libraries) {
        return describe(", dense products by ", libraries.dense(), CudaLibrary.CUBLAS)
                + describe(", aggregation of one head by ", libraries.sparse(), CudaLibrary.CUSPARSE);
    }

    private static String describe(String what, String name, CudaLibrary library) {
        return name.equals(DenseLibrary.OWN)
                ? ""
                : what + name + " (" + CudaLibraries.locate(library).sentence() + ")";
    }
}
