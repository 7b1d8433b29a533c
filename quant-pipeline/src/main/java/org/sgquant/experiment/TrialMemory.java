package org.sgquant.experiment;

import org.sgquant.autograd.StageCache;
import org.sgquant.kernels.Backend;
import org.sgquant.quant.FeatureCodes;

/**
 * What the trials of a search on one lane keep for each other: quantized features in every order of the nodes, and the
 * stages of calibration and of packed inference of every trained model.
 *
 * <p>At most 512 MiB a lane, but for features that alone are larger than their half. Results do not depend on it: a trial
 * gets the bits that it would compute.
 */
public final class TrialMemory implements AutoCloseable {

    /** For features, codes and floats. */
    private static final long FEATURE_BYTES = 256L << 20;

    private static final long STAGE_BYTES = 256L << 20;

    private final FeatureCodes features;
    private final StageCache stages;

    public TrialMemory(Backend backend) {
        this(backend, STAGE_BYTES);
    }

    TrialMemory(Backend backend, long stageBytes) {
        this.features = new FeatureCodes(backend, FEATURE_BYTES);
        this.stages = new StageCache(backend, stageBytes);
    }

    FeatureCodes features() {
        return features;
    }

    StageCache stages() {
        return stages;
    }

    @Override
    public void close() {
        features.close();
        stages.close();
    }
}
