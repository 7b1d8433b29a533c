package org.sgquant.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.FloatMatrix;

class DoctorTest {

    private static String reason(Throwable failure) {
        Section section = Doctor.guarded("part", () -> {
            switch (failure) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new AssertionError(failure);
            }
        });
        assertThat(section.ok()).isFalse();
        assertThat(section.name()).isEqualTo("part");
        return section.reason();
    }

    @Test
    void a_check_that_fails_is_one_sentence_of_a_section() {
        assertThat(reason(new IllegalStateException("no\n\tat org.sgquant.Somewhere(Some.java:1)")))
                .isEqualTo("this check failed: no");
        assertThat(reason(new NullPointerException())).isEqualTo("this check failed: null pointer");
        assertThat(reason(new UncheckedIOException("/x cannot be read", new NoSuchFileException("/x/y"))))
                .isEqualTo("this check failed: /x cannot be read: /x/y does not exist");
        assertThat(reason(new UncheckedIOException(new AccessDeniedException("/x"))))
                .isEqualTo("this check failed: /x may not be used by this user");
        assertThat(reason(new UnsatisfiedLinkError("java.lang.UnsatisfiedLinkError: no such symbol")))
                .isEqualTo("this check failed: no such symbol");
        assertThat(reason(new ServiceConfigurationError("x.Y: provider z not found")))
                .isEqualTo("this check failed: x.Y: provider z not found");
    }

    /** The CPU backend, of whose packed products {@code damage} changes the result. */
    private static Backend damaged(Backend cpu, Consumer<FloatMatrix> damage) {
        PackedOps packed = proxy(
                PackedOps.class,
                cpu.packed(),
                (name, arguments) -> {
                    if (name.equals("gemm")) {
                        damage.accept((FloatMatrix) arguments[2]);
                    }
                },
                null);
        return proxy(Backend.class, cpu, (name, arguments) -> {}, packed);
    }

    private interface Afterwards {
        void called(String name, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, T target, Afterwards afterwards, PackedOps packed) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (packed != null && method.getName().equals("packed")) {
                        return packed;
                    }
                    try {
                        Object result = method.invoke(target, arguments);
                        afterwards.called(method.getName(), arguments);
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void the_trial_takes_the_bits_of_the_reference_and_no_others(int threads) {
        try (Backend cpu = new CpuBackend(threads)) {
            assertThat(BackendTrial.packedProductIsExact(cpu)).isTrue();
            assertThat(BackendTrial.packedProductIsExact(damaged(cpu, c -> {}))).isTrue();
            assertThat(BackendTrial.packedProductIsExact(damaged(cpu, c -> c.set(32, 6, Math.nextUp(c.get(32, 6))))))
                    .isFalse();
        }
    }

    private static Section nd4j(DenseOps products) {
        return Nd4jProbe.examine(List.of(new DenseLibrary() {
            @Override
            public String name() {
                return "nd4j";
            }

            @Override
            public DenseOps open(int threads) {
                if (products == null) {
                    throw new DeviceUnavailableException("ND4J's natives are not on the class path");
                }
                return products;
            }
        }));
    }

    @Test
    void nd4j_is_tried_where_it_is() {
        try (Backend reference = new ReferenceBackend()) {
            assertThat(nd4j(reference.dense()))
                    .isEqualTo(Section.ok("nd4j", "serves --dense nd4j", Map.of("present", true)));
            Section wrong = nd4j((a, transposeA, b, transposeB, c) -> c.set(0, 0, Float.NaN));
            assertThat(wrong.ok()).isFalse();
            assertThat(wrong.reason()).isEqualTo("ND4J computes another product than the reference");
        }
        assertThat(nd4j(null).reason()).isEqualTo("ND4J's natives are not on the class path");
        assertThat(nd4j(null).ok()).isFalse();
        assertThat(Nd4jProbe.examine(List.of()).ok()).isTrue();
    }

    @Test
    void instruction_sets_are_read_as_linux_names_them() {
        assertThat(CpuProbe.instructionSets("processor\t: 0\nflags\t\t: fpu avx avx2 avx512f avx512_vnni\nbugs\t: x"))
                .containsExactly("avx2", "avx512f", "avx512_vnni");
        assertThat(CpuProbe.instructionSets("")).isEmpty();
    }

    @Test
    void memory_is_that_of_the_machine_and_the_container_limits_it() {
        long granted = MachineMemory.of("").total();
        MachineMemory limited = MachineMemory.of("MemTotal:  " + (granted / 1024 + 5) + " kB\nMemAvailable: 7 kB\n");
        assertThat(limited.limit()).hasValue(granted);
        assertThat(limited.available()).isEqualTo(7 * 1024);
        assertThat(MachineMemory.of("").limit()).isEmpty();
    }
}
