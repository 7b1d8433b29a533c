package org.sgquant.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.cuda.testing.OnLibraries;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.model.AgnnConfig;
import org.sgquant.model.GatConfig;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;

/** Training on a CUDA device: what is copied, and that it learns what the CPU learns. */
@OnDevice
class CudaTrainingTest {

    private static final int EPOCHS = 30;

    private static final List<ModelConfig> MODELS =
            List.of(GcnConfig.DEFAULT, new GatConfig(2, 3, 4, 0.6f, 0.6f, 0.6f, 5e-4f), AgnnConfig.DEFAULT);

    static List<ModelConfig> models() {
        return MODELS;
    }

    /** Trains a model on the small graph and returns its validation metrics. */
    private static Metrics train(ModelConfig config, Backend backend, Dataset dataset, int epochs) {
        try (GraphInput input = new GraphInput(dataset, backend)) {
            Model model = config.create(ModelSizes.of(input));
            try (Parameters parameters = new Parameters(model.parameters(), backend);
                    Trainer trainer = new Trainer(model, input, parameters, null, backend)) {
                parameters.initialize(7);
                return trainer.train(new TrainConfig(epochs, 0.01f, 0.01f, epochs), 7);
            }
        }
    }

    @Test
    void a_step_copies_its_state_in_and_its_metrics_out_and_nothing_else() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate()) {
            long[] in = new long[2];
            long[] out = new long[2];
            for (int i = 0; i < 2; i++) {
                try (Backend backend = CudaBackend.open(0)) {
                    long inBefore = CudaCounters.copiesToDevice();
                    long outBefore = CudaCounters.copiesToHost();
                    train(GcnConfig.DEFAULT, backend, dataset, (i + 1) * EPOCHS);
                    in[i] = CudaCounters.copiesToDevice() - inBefore;
                    out[i] = CudaCounters.copiesToHost() - outBefore;
                }
            }
            assertThat(in[1] - in[0]).as("step states").isEqualTo(EPOCHS);
            assertThat(out[1] - out[0]).as("error words and metrics").isEqualTo(2 * EPOCHS);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void learns_what_the_cpu_learns(ModelConfig config) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend cuda = CudaBackend.open(0);
                Backend cpu = new CpuBackend(1)) {
            Metrics onDevice = train(config, cuda, dataset, EPOCHS);
            Metrics onCpu = train(config, cpu, dataset, EPOCHS);
            assertThat(onDevice.loss()).isCloseTo(onCpu.loss(), within(1e-3));
            assertThat(onDevice.accuracy()).isEqualTo(onCpu.accuracy());
        }
    }

    static Stream<Arguments> modelsAndLibraries() {
        return MODELS.stream()
                .flatMap(model -> Stream.of(
                        // Other orders of sums, or 8 bits of operands, may flip a node that is nearly undecided.
                        Arguments.of(model, "cublas", "cusparse", 1e-3, 1),
                        Arguments.of(model, "cublas-bf16", "cusparse-fp16", 0.05, 1)));
    }

    @OnLibraries
    @ParameterizedTest
    @MethodSource("modelsAndLibraries")
    void learns_with_the_libraries_what_it_learns_with_our_kernels(
            ModelConfig config, String dense, String sparse, double tolerance, int flippedNodes) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend libraries = CudaBackend.open(0, new TrainingLibraries(dense, sparse));
                Backend own = CudaBackend.open(0)) {
            double percent = 100.0 / dataset.split().validation().length;
            long dense0 = CudaCounters.launches("cublasGemmEx");
            long sparse0 = CudaCounters.launches("cusparseSpMM");
            long replays = CudaCounters.graphLaunches();
            Metrics withLibraries = train(config, libraries, dataset, EPOCHS);
            assertThat(CudaCounters.launches("cublasGemmEx")).isGreaterThan(dense0);
            assertThat(CudaCounters.launches("cusparseSpMM")).isGreaterThan(sparse0);
            assertThat(CudaCounters.graphLaunches()).as("recorded steps").isGreaterThanOrEqualTo(replays + EPOCHS - 1);
            Metrics withOwn = train(config, own, dataset, EPOCHS);
            assertThat(withLibraries.loss()).isCloseTo(withOwn.loss(), within(tolerance));
            assertThat(withLibraries.accuracy()).isCloseTo(withOwn.accuracy(), within(flippedNodes * percent));
        }
    }
}
