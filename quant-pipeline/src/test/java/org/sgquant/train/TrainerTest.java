package org.sgquant.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.Gcn;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Parameters;
import org.sgquant.tensor.HostMemory;

final class TrainerTest {

    private static Dataset dataset;
    private static Backend backend;
    private static GraphInput input;

    @BeforeAll
    static void open() {
        dataset = SyntheticCitationGraph.SMALL.generate();
        backend = new CpuBackend(2);
        input = new GraphInput(dataset, backend);
    }

    @AfterAll
    static void close() {
        input.close();
        backend.close();
        dataset.close();
    }

    private record Run(Metrics best, Metrics kept, Metrics test, List<float[][]> weights) {}

    private static Run train(TrainConfig config, long seed) {
        // The backend keeps the largest scratch memory that it was ever asked for.
        run(config.withEpochs(1), seed);
        long before = HostMemory.liveBytes();
        Run run = run(config, seed);
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
        return run;
    }

    private static Run run(TrainConfig config, long seed) {
        Gcn gcn = new Gcn(GcnConfig.DEFAULT, input);
        try (Parameters parameters = new Parameters(gcn.parameters(), backend);
                Trainer trainer = new Trainer(gcn, input, parameters, null, backend)) {
            parameters.initialize(seed);
            trainer.validate();
            long during = HostMemory.liveBytes();
            Metrics best = trainer.train(config, seed);
            assertThat(HostMemory.liveBytes() - during)
                    .as("no allocation while training, but for scratch memory of one epoch")
                    .isLessThanOrEqualTo(config.epochs() <= 1 ? 8192 : 0);
            Metrics kept = trainer.validate();
            Metrics test = Trainer.evaluate(gcn, input, parameters, input.test(), backend);
            return new Run(best, kept, test, parameters.toHost());
        }
    }

    private static TrainConfig epochs(int n) {
        return new TrainConfig(n, 0.05f, 0.05f, 1000);
    }

    /** With a constant learning rate, a shorter training is the beginning of a longer one. */
    @Test
    void theCheckpointOfBestValidationAccuracyIsKept() {
        Run before = train(epochs(0), 1);
        int improved = 0;
        for (int n = 1; n <= 40; n++) {
            Run run = train(epochs(n), 1);
            assertThat(run.kept()).as("the weights kept are those measured").isEqualTo(run.best());
            if (run.best().betterThan(before.best())) {
                improved++;
            } else {
                assertThat(run.best()).isEqualTo(before.best());
                assertThat(Arrays.deepEquals(
                                run.weights().toArray(), before.weights().toArray()))
                        .isTrue();
            }
            before = run;
        }
        assertThat(improved).isBetween(3, 39);
        assertThat(before.test().accuracy()).isGreaterThan(50);
    }

    @Test
    void patienceEndsTrainingAfterEpochsWithoutABetterCheckpoint() {
        Run patient = train(new TrainConfig(300, 0.05f, 0.05f, 1000), 2);
        Run hasty = train(new TrainConfig(300, 0.05f, 0.05f, 1), 2);
        assertThat(hasty.best().betterThan(patient.best())).isFalse();
        long start = System.nanoTime();
        train(new TrainConfig(1_000_000, 0.05f, 0.05f, 5), 2);
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
    }

    @Test
    void accuracyDecidesAndLossBreaksTies() {
        Metrics m = new Metrics(1, 80);
        assertThat(m.betterThan(null)).isTrue();
        assertThat(new Metrics(9, 80.1).betterThan(m)).isTrue();
        assertThat(new Metrics(0.9, 80).betterThan(m)).isTrue();
        assertThat(m.betterThan(m)).isFalse();
        assertThat(new Metrics(0.1, 79.9).betterThan(m)).isFalse();
    }

    @Test
    void theLearningRateFallsAlongHalfACosine() {
        TrainConfig config = new TrainConfig(5, 1, 0.2f, 1);
        assertThat(config.learningRate(0)).isEqualTo(1);
        assertThat(config.learningRate(2)).isEqualTo(0.6f);
        assertThat(config.learningRate(4)).isEqualTo(0.2f);
        assertThat(new TrainConfig(5, 0.1f, 0.1f, 1).learningRate(3)).isEqualTo(0.1f);
        assertThat(new TrainConfig(1, 0.1f, 0.05f, 1).learningRate(0)).isEqualTo(0.1f);
        assertThatThrownBy(() -> new TrainConfig(-1, 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TrainConfig(1, Float.NaN, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TrainConfig(1, 1, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void evaluateCountsWhatThePredictionsSay() {
        Run run = train(epochs(5), 3);
        Gcn gcn = new Gcn(GcnConfig.DEFAULT, input);
        try (Parameters parameters = new Parameters(gcn.parameters(), backend)) {
            for (int i = 0; i < run.weights().size(); i++) {
                parameters.set(i, run.weights().get(i));
            }
            assertThat(Trainer.evaluate(gcn, input, parameters, input.test(), backend))
                    .isEqualTo(run.test());
            Metrics validation = Trainer.evaluate(gcn, input, parameters, input.validation(), backend);
            assertThat(validation).isEqualTo(run.best());
        }
    }
}
