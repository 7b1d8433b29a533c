package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.SyntheticGraphCollection;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.model.GinConfig;
import org.sgquant.model.Normalization;
import org.sgquant.quant.QuantConfig;
import org.sgquant.train.TrainConfig;

/** A GIN trained, fine-tuned, packed and evaluated on a CUDA device, beside the same on the CPU. */
@OnDevice
final class CudaGraphLevelTest {

    @Test
    void aGinLearnsOnTheDeviceWhatItLearnsOnTheCpu() {
        GraphCollection graphs = new SyntheticGraphCollection(40, 10, 4).generate();
        GinConfig config =
                new GinConfig(2, 8, 0, 0, Normalization.BATCH, false, GinConfig.Pooling.MEAN, GinConfig.ReadOut.LINEAR);
        GraphLevelExperiment.Trained[] trained = new GraphLevelExperiment.Trained[2];
        try (Lanes lanes = new Lanes(1, lane -> new CpuBackend(1))) {
            GraphLevelExperiment experiment = new GraphLevelExperiment(
                    graphs,
                    lanes,
                    config,
                    new TrainConfig(3, 0.01f, 0, 10),
                    new TrainConfig(1, 0.002f, 0, 10),
                    QuantConfig.DEFAULT,
                    new GraphLevelExperiment.Batching(16, 1));
            List<Backend> backends = List.of(new CpuBackend(1), CudaBackend.open(0));
            for (int b = 0; b < 2; b++) {
                try (Backend backend = backends.get(b)) {
                    trained[b] = experiment.train(backend, 0);
                    GraphLevelExperiment.Packed packed =
                            experiment.quantize(backend, trained[0], experiment.parse("4 L1.embedding=1"));
                    assertThat(packed.test().loss()).isFinite();
                    assertThat(packed.memory().bitsInner()).isEqualTo(4);
                }
            }
        }
        assertThat(trained[1].validation().loss())
                .isCloseTo(trained[0].validation().loss(), org.assertj.core.api.Assertions.within(0.02));
    }
}
