package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.cuda.CudaProbe;
import org.sgquant.kernels.reference.ReferenceDenseOps;

class BackendsTest {

    private final List<String> lines = new ArrayList<>();

    private final CudaProbe probe = CudaProbe.probe();

    @Test
    void auto_tells_in_one_line_what_it_chose_and_why_not_cuda() {
        assumeFalse(probe.isAvailable(), "there is a CUDA device");
        try (Backend backend = Backends.select("auto", 2, TrainingLibraries.NONE, lines::add)) {
            assertThat(backend.name()).isEqualTo("cpu");
            assertThat(lines).containsExactly("device: " + backend.description() + "; CUDA refused: " + probe.reason());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void a_device_asked_for_by_name_is_taken_silently(String device) {
        try (Backend backend = Backends.select(device, 1, TrainingLibraries.NONE, lines::add)) {
            assertThat(backend.name()).isEqualTo(device);
            assertThat(lines).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda", "cuda:0", "cuda:12"})
    void cuda_asked_for_is_never_replaced(String device) {
        assumeFalse(probe.isAvailable(), "there is a CUDA device");
        assertThatThrownBy(() -> Backends.select(device, 1, TrainingLibraries.NONE, lines::add))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("CUDA unavailable: " + probe.reason() + "; pass --device cpu to run on the CPU");
        assertThat(lines).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CPU", "cuda:", "cuda:-1", "cuda:x", "gpu"})
    void an_unknown_device_is_refused_with_the_choice(String device) {
        assertThatThrownBy(() -> Backends.select(device, 1, TrainingLibraries.NONE, lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("device '" + device + "' does not exist: choose auto, cpu, reference, cuda or cuda:N");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "auto"})
    void dense_products_of_a_library_take_the_place_of_our_own_on_the_cpu(String device) {
        try (Backend backend = Backends.select(device, 2, dense("plain"), lines::add)) {
            assertThat(backend.dense()).isInstanceOf(ReferenceDenseOps.class);
            assertThat(backend.description()).contains("2 threads").endsWith(", dense products by plain)");
            assertThat(lines)
                    .hasSize(device.equals("auto") ? 1 : 0)
                    .allMatch(line -> line.contains("CUDA was not asked"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda", "reference"})
    void a_library_for_the_cpu_is_refused_on_another_device(String device) {
        assertThatThrownBy(() -> Backends.select(device, 1, dense("plain"), lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dense algebra 'plain' works on the memory of the CPU: choose device cpu with it, got "
                        + device);
    }

    @Test
    void an_unknown_library_is_refused_with_the_choice() {
        assertThatThrownBy(() -> Backends.select("cpu", 1, dense("mkl"), lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dense algebra 'mkl' is not on the class path: there is own, plain,"
                        + " and on a CUDA device cublas, cublas-tf32, cublas-fp16, cublas-bf16");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void a_library_of_cuda_is_refused_on_another_device(String device) {
        assertThatThrownBy(() -> Backends.select(device, 1, dense("cublas"), lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dense algebra 'cublas' works on a CUDA device: choose device cuda with it, got " + device);
        TrainingLibraries both = new TrainingLibraries("cublas-tf32", "cusparse-fp16");
        assertThatThrownBy(() -> Backends.select(device, 1, both, lines::add))
                .hasMessageStartingWith("dense algebra 'cublas-tf32' and sparse algebra 'cusparse-fp16' works");
    }

    @Test
    void a_library_of_cuda_without_a_device_is_never_replaced() {
        assumeFalse(probe.isAvailable(), "there is a CUDA device");
        TrainingLibraries sparse = new TrainingLibraries("own", "cusparse");
        assertThatThrownBy(() -> Backends.select("auto", 1, sparse, lines::add))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("CUDA unavailable: " + probe.reason()
                        + "; pass --dense own --sparse own to do without sparse algebra 'cusparse'");
    }

    @Test
    void sparse_algebra_is_refused_where_there_is_none_of_that_name_or_dense_algebra_works_elsewhere() {
        assertThatThrownBy(() -> new TrainingLibraries("own", "mkl"))
                .hasMessage("sparse algebra 'mkl' does not exist: choose own, cusparse, cusparse-fp16, cusparse-alg2,"
                        + " cusparse-alg2-fp16");
        assertThatThrownBy(() -> new TrainingLibraries("plain", "cusparse"))
                .hasMessage("sparse algebra 'cusparse' works on a CUDA device, dense algebra 'plain' on the memory of"
                        + " the CPU: choose one of them");
    }

    private static TrainingLibraries dense(String name) {
        return new TrainingLibraries(name, DenseLibrary.OWN);
    }

    @Test
    void a_library_that_a_build_can_add_is_refused_with_the_way_to_it() {
        assertThatThrownBy(() -> Backends.select("cpu", 1, dense("nd4j"), lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "dense algebra 'nd4j' is not on the class path: there is own, plain,"
                                + " and on a CUDA device cublas, cublas-tf32, cublas-fp16, cublas-bf16; mvn -Pnd4j package adds it");
    }
}
