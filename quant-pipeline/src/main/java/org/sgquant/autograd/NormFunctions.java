package org.sgquant.autograd;

import java.util.List;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Multiplicity;

/** Batch norm and layer norm on a {@link Tape}. */
public final class NormFunctions {

    private static final int MOMENTS = 4;

    private NormFunctions() {}

    /**
     * {@code gamma (x - mean) / sqrt(var + 1e-5) + beta} with the statistics of x; the running ones of {@code norm}
     * follow. {@code gamma} and {@code beta} are the values of its trained parts; multiplicity null counts rows once.
     */
    public static Value batchNormTrain(
            Tape tape, Value x, Multiplicity multiplicity, Value gamma, Value beta, BatchNorm norm) {
        Value moments = Value.dense(MOMENTS, x.cols(), false);
        tape.record(
                "batch_norm_moments",
                List.of(x, gamma, beta),
                moments,
                b -> b.norm().batchNormMoments(x.dense(), multiplicity, norm, moments.dense()));
        Value out = Value.dense(x.rows(), x.cols(), true);
        Tape.Kernel apply = b -> b.norm().batchNormApply(x.dense(), moments.dense(), out.dense());
        return tape.record("batch_norm_apply", List.of(x, moments), out, apply, g -> {
            Value gradBeta = tape.sumRows(g);
            Value gradGamma = Value.dense(1, x.cols(), false);
            tape.record(
                    "batch_norm_grad_gamma",
                    List.of(x, moments, g),
                    gradGamma,
                    b -> b.norm().batchNormGradGamma(x.dense(), moments.dense(), g.dense(), gradGamma.dense()));
            tape.accumulate(beta, gradBeta);
            tape.accumulate(gamma, gradGamma);
            if (x.requiresGrad()) {
                Value gradX = Value.dense(x.rows(), x.cols(), false);
                tape.record(
                        "batch_norm_backward",
                        List.of(x, moments, g, gradGamma, gradBeta),
                        gradX,
                        b -> b.norm()
                                .batchNormBackward(
                                        x.dense(),
                                        multiplicity,
                                        moments.dense(),
                                        g.dense(),
                                        gradGamma.dense(),
                                        gradBeta.dense(),
                                        gradX.dense()));
                tape.accumulate(x, gradX);
            }
        });
    }

    /** {@code fma(x, scale, shift)} with the running statistics of {@code norm}; inference only. */
    public static Value batchNorm(Tape tape, Value x, BatchNorm norm) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad());
        Tape.Kernel kernel = b -> b.norm().batchNorm(x.dense(), norm, out.dense());
        return tape.record("batch_norm", List.of(x), out, kernel, g -> tape.accumulate(x, scaled(tape, g, norm)));
    }

    /** {@code gamma g / sqrt(variance + 1e-5)}: the same norm of mean 0 and offset 0. */
    private static Value scaled(Tape tape, Value g, BatchNorm norm) {
        Value zeros = Value.dense(1, g.cols(), false);
        tape.record("zero", List.of(), zeros, b -> b.elementwise().zero(zeros.dense()));
        Value gx = Value.dense(g.rows(), g.cols(), false);
        return tape.record("batch_norm_scale", List.of(g, zeros), gx, b -> {
            BatchNorm scale = new BatchNorm(norm.gamma(), zeros.dense(), zeros.dense(), norm.variance());
            b.norm().batchNorm(g.dense(), scale, gx.dense());
        });
    }

    /** {@code gamma (x - mean_i) / sqrt(var_i + 1e-5) + beta} per row. */
    public static Value layerNorm(Tape tape, Value x, Value gamma, Value beta) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad() || gamma.requiresGrad() || beta.requiresGrad());
        Tape.Kernel kernel = b -> b.norm().layerNorm(x.dense(), gamma.dense(), beta.dense(), out.dense());
        return tape.record("layer_norm", List.of(x, gamma, beta), out, kernel, g -> {
            if (beta.requiresGrad()) {
                tape.accumulate(beta, tape.sumRows(g));
            }
            if (gamma.requiresGrad()) {
                Value gradGamma = Value.dense(1, x.cols(), false);
                tape.record(
                        "layer_norm_grad_gamma",
                        List.of(x, g),
                        gradGamma,
                        b -> b.norm().layerNormGradGamma(x.dense(), g.dense(), gradGamma.dense()));
                tape.accumulate(gamma, gradGamma);
            }
            if (x.requiresGrad()) {
                Value gradX = Value.dense(x.rows(), x.cols(), false);
                tape.record(
                        "layer_norm_backward",
                        List.of(x, gamma, g),
                        gradX,
                        b -> b.norm().layerNormBackward(x.dense(), gamma.dense(), g.dense(), gradX.dense()));
                tape.accumulate(x, gradX);
            }
        });
    }
}
