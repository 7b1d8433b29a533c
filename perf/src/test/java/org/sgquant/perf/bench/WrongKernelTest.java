package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.PackedOps;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** A kernel or a peer that computes something wrong is named with the place, and gets no record. */
class WrongKernelTest {

    /** What a call does after, or instead of, the right one. */
    private interface Twist {
        void apply(FloatMatrix out);
    }

    /** A CPU backend whose packed sums are twisted. */
    private static Backend twisted(boolean instead, Twist twist) {
        Backend right = ReportFixture.cpu();
        PackedOps packed = proxy(PackedOps.class, right.packed(), (method, arguments, call) -> {
            boolean sum = method.getName().equals("spmm");
            if (!sum || !instead) {
                call.run();
            }
            if (sum) {
                twist.apply((FloatMatrix) arguments[2]);
            }
        });
        InvocationHandler handler = (proxy, method, arguments) ->
                method.getName().equals("packed") ? packed : invoke(right, method, arguments);
        return Backend.class.cast(
                Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, handler));
    }

    private interface Around {
        void call(Method method, Object[] arguments, Runnable right);
    }

    private static <T> T proxy(Class<T> type, T right, Around around) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (p, method, arguments) -> {
                    around.call(method, arguments, () -> invoke(right, method, arguments));
                    return null;
                }));
    }

    private static Object invoke(Object right, Method method, Object[] arguments) {
        try {
            return method.invoke(right, arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void one_value_off_by_one_bit_is_found() {
        Backend wrong = twisted(false, out -> out.set(0, 2, Math.nextUp(out.get(0, 2))));
        BenchReport report = ReportFixture.run(wrong, List.of(Kernel.SPMM, Kernel.PACK));
        assertThat(report.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .matches("spmm at 4 bits on tiny \\(features 33, threads 1\\) by sgquant:"
                                + " wrong result: got \\S+ at row 0, column 2, expected \\S+"));
        assertThat(report.checked()).isEqualTo(4);
        assertThat(report.records()).hasSize(3).noneMatch(r -> r.kernel().equals("spmm") && r.bits() == 4);
    }

    @Test
    void a_kernel_that_does_nothing_does_not_pass_by_what_another_left() {
        BenchReport report = ReportFixture.run(twisted(true, out -> {}), List.of(Kernel.SPMM));
        assertThat(report.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.message()).contains("got NaN at row 0, column 0"));
    }

    @Test
    void a_wrong_result_of_scaling_is_a_failure_and_nothing_is_fitted() {
        Findings findings = new Findings();
        try (Backend wrong = twisted(false, out -> out.data().fill((byte) -1))) {
            assertThat(Scaling.run(wrong, 1, 4, 16, List.of(100_000), Rounds.ONCE, note -> {}, findings))
                    .isEmpty();
        }
        assertThat(findings.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .startsWith("spmm at 4 bits on scaling of 100000 edges (features 16, threads 1) by sgquant:"));
    }

    /** Sums in fp32 by hand; {@code error} is added to all of them. */
    private record HandPeer(float error) implements Peer {

        @Override
        public String name() {
            return "hand";
        }

        @Override
        public PeerSession open(int threads) {
            return new PeerSession() {
                @Override
                public String version() {
                    return "by hand";
                }

                @Override
                public Optional<PeerRun> spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
                    return Optional.of(() -> sum(graph, x, out, error));
                }

                @Override
                public void close() {
                    // holds nothing
                }
            };
        }

        private static void sum(CsrGraph graph, FloatMatrix x, FloatMatrix out, float error) {
            for (int r = 0; r < graph.numRows(); r++) {
                for (int c = 0; c < x.cols(); c++) {
                    float acc = error;
                    for (int e = graph.rowPtr().get(r); e < graph.rowPtr().get(r + 1); e++) {
                        acc += x.get(graph.colIdx().get(e), c);
                    }
                    out.set(r, c, acc);
                }
            }
        }
    }

    @Test
    void a_peer_has_records_of_its_own_beside_ours() {
        long before = HostMemory.liveBytes();
        BenchReport report = ReportFixture.run(ReportFixture.cpu(), List.of(Kernel.SPMM, Kernel.GEMM), new HandPeer(0));
        assertThat(report.failures()).isEmpty();
        assertThat(report.peers()).containsExactly(new Peers.State("hand", "by hand", null));
        assertThat(report.records()).hasSize(5);
        assertThat(report.records())
                .filteredOn(r -> r.peer() != null)
                .singleElement()
                .satisfies(r -> {
                    assertThat(r.kernel()).isEqualTo("spmm");
                    assertThat(r.bits()).isEqualTo(32);
                    assertThat(r.peer()).isEqualTo("hand");
                    assertThat(r.ratioFp32()).isPositive();
                });
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    @Test
    void a_wrong_peer_is_found() {
        BenchReport report = ReportFixture.run(ReportFixture.cpu(), List.of(Kernel.SPMM), new HandPeer(0.5f));
        assertThat(report.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .startsWith("spmm at 32 bits on tiny (features 33, threads 1) by hand: wrong result"));
    }

    @Test
    void a_peer_that_fails_in_an_operation_is_named_and_ends_nothing() {
        long before = HostMemory.liveBytes();
        Peer failing = new Peer() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public PeerSession open(int threads) {
                return new PeerSession() {
                    private int calls;

                    @Override
                    public String version() {
                        return "one";
                    }

                    @Override
                    public Optional<PeerRun> spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
                        return Optional.of(() -> {
                            if (++calls == 2) {
                                throw new IllegalStateException("its process has ended");
                            }
                            HandPeer.sum(graph, x, out, 0);
                        });
                    }

                    @Override
                    public Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
                        throw new IllegalStateException("no product");
                    }

                    @Override
                    public void close() {
                        throw new IllegalStateException("nothing to close");
                    }
                };
            }
        };
        BenchReport report = ReportFixture.run(ReportFixture.cpu(), List.of(Kernel.SPMM, Kernel.GEMM), failing);
        assertThat(report.failures()).isEmpty();
        assertThat(report.records()).hasSize(4).allMatch(r -> r.peer() == null);
        assertThat(report.peers())
                .containsExactly(new Peers.State(
                        "failing",
                        "one",
                        "gemm at 32 bits (threads 1): no product; spmm at 32 bits (threads 1): its process has ended"));
        assertThat(BenchTables.markdown(report)).contains("Peer failing: one, but not gemm at 32 bits");
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    @Test
    void a_peer_that_cannot_be_used_says_why_and_ends_nothing() {
        Peer absent = new Peer() {
            @Override
            public String name() {
                return "absent";
            }

            @Override
            public PeerSession open(int threads) {
                throw new DeviceUnavailableException("its library was not found");
            }
        };
        BenchReport report = ReportFixture.run(ReportFixture.cpu(), List.of(Kernel.SPMM), absent);
        assertThat(report.peers()).containsExactly(new Peers.State("absent", null, "its library was not found"));
        assertThat(report.records()).hasSize(2);
    }
}
