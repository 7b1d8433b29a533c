package org.sgquant.experiment;

import java.util.HashMap;
import java.util.Map;
import org.sgquant.autograd.StageCache;
import org.sgquant.kernels.Backend;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.FeatureCodes;

/**
 * What the trials of a search on one lane keep for each other: quantized features, and the stages of calibration and of
 * packed inference of each trained model.
 *
 * <p>Bounded, and results do not depend on it: a trial gets the bits that it would compute.
 */
public final class TrialMemory implements AutoCloseable {

    /** For features, codes and floats, of each order of the nodes. */
    private static final long FEATURE_BYTES = 256L << 20;

    /** For the stages of each trained model. */
    private static final long STAGE_BYTES = 64L << 20;

    private final Backend backend;
    private final long stageBytes;
    private final Map<DegreeBuckets, FeatureCodes> features = new HashMap<>();
    private final Map<Experiment.Trained, StageCache> stages = new HashMap<>();

    public TrialMemory(Backend backend) {
        this(backend, STAGE_BYTES);
    }

    TrialMemory(Backend backend, long stageBytes) {
        this.backend = backend;
        this.stageBytes = stageBytes;
    }

    FeatureCodes features(DegreeBuckets buckets) {
        return features.computeIfAbsent(buckets, b -> new FeatureCodes(backend, FEATURE_BYTES));
    }

    StageCache stages(Experiment.Trained start) {
        return stages.computeIfAbsent(start, s -> new StageCache(backend, stageBytes));
    }

    @Override
    public void close() {
        features.values().forEach(FeatureCodes::close);
        stages.values().forEach(StageCache::close);
    }
}
