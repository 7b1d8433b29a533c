package org.sgquant.experiment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.sgquant.search.Study;
import org.sgquant.train.Metrics;

/**
 * fp32 models that a study keeps, each trained once: by whichever worker comes first, for all workers and all resumed runs.
 */
public final class KeptModels {

    private static final int HEAD = 5 * Double.BYTES;

    private KeptModels() {}

    /** Seeds {@code firstSeed ...}, trained now where the study has no model of them; {@code progress} hears of each. */
    public static List<Experiment.Trained> train(
            Experiment experiment, Study study, long firstSeed, int seeds, Consumer<Experiment.Trained> progress) {
        // All that no other worker trains, before any is waited for: waiting for one would keep the next from being
        // begun.
        List<Optional<Experiment.Trained>> now = experiment.lanes().map(seeds, i -> lane -> {
            long seed = firstSeed + i;
            return study.tryOnce(key(seed), () -> write(experiment.train(lane, seed)))
                    .map(bytes -> heard(read(seed, bytes), progress));
        });
        return experiment
                .lanes()
                .map(
                        seeds,
                        i -> lane -> now.get(i).orElseGet(() -> {
                            long seed = firstSeed + i;
                            return heard(
                                    read(seed, study.once(key(seed), () -> write(experiment.train(lane, seed)))),
                                    progress);
                        }));
    }

    private static String key(long seed) {
        return "fp32 seed " + seed;
    }

    private static Experiment.Trained heard(Experiment.Trained trained, Consumer<Experiment.Trained> progress) {
        progress.accept(trained);
        return trained;
    }

    /** Loss and accuracy on validation and on test, seconds, weights. */
    private static byte[] write(Experiment.Trained trained) {
        byte[] weights = Weights.write(trained.weights());
        return ByteBuffer.allocate(HEAD + weights.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(trained.validation().loss())
                .putDouble(trained.validation().accuracy())
                .putDouble(trained.test().loss())
                .putDouble(trained.test().accuracy())
                .putDouble(trained.seconds())
                .put(weights)
                .array();
    }

    private static Experiment.Trained read(long seed, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Metrics validation = new Metrics(in.getDouble(), in.getDouble());
        Metrics test = new Metrics(in.getDouble(), in.getDouble());
        double seconds = in.getDouble();
        byte[] weights = new byte[in.remaining()];
        in.get(weights);
        return new Experiment.Trained(seed, Weights.read(weights), validation, test, seconds);
    }
}
