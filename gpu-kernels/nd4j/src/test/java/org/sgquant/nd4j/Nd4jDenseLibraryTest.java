package org.sgquant.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Backends;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.TrainingLibraries;

class Nd4jDenseLibraryTest {

    @Test
    void dense_nd4j_is_found_by_the_service_loader() {
        List<String> lines = new ArrayList<>();
        try (Backend backend =
                Backends.select("auto", 1, new TrainingLibraries("nd4j", DenseLibrary.OWN), lines::add)) {
            assertThat(backend.dense()).isInstanceOf(Nd4jCpuDenseOps.class);
            assertThat(backend.description()).contains("1 thread,").endsWith(", dense products by nd4j)");
            assertThat(lines).hasSize(1).allMatch(line -> line.contains("nd4j works on the memory of the CPU"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void open_blas_takes_as_many_threads_as_were_asked_for(int threads) throws Throwable {
        assertThat(DenseLibrary.find("nd4j").open(threads)).isNotNull();
        assertThat(Nd4j.factory().blas().getMaxThreads()).isEqualTo(threads);
        assertThat(OpenBlas.threads()).isEqualTo(threads);
    }

    @Test
    void no_thread_at_all_is_refused() {
        assertThatThrownBy(() -> new Nd4jDenseLibrary().open(0)).hasMessage("threads: got 0, expected at least 1");
    }

    @Test
    void the_gpu_comes_first_where_both_are_on_the_class_path() {
        assertThat(Nd4jBackend.onClassPath(resource -> true)).isEqualTo(Nd4jBackend.CUDA);
        assertThat(Nd4jBackend.onClassPath(resource -> resource.contains("CpuBackend")))
                .isEqualTo(Nd4jBackend.NATIVE);
        assertThatThrownBy(() -> Nd4jBackend.onClassPath(resource -> false))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("ND4J has no backend on the class path: expected nd4j-native or nd4j-cuda-11.6;"
                        + " --dense own needs no ND4J");
    }
}
