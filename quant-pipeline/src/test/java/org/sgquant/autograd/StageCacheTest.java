package org.sgquant.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

class StageCacheTest {

    private final Backend cpu = new CpuBackend(1);
    private final HostMemory host = new HostMemory();
    private final FloatMatrix live = FloatMatrix.of(host, new float[][] {{1, 2}, {3, 4}});
    private final List<Memory> made = new ArrayList<>();
    private boolean fails;

    /** The CPU's, but that it tells of memory it makes and, where asked, finds a fault late, as a device does. */
    private final Backend backend = (Backend) Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("finish") && fails) {
                    throw new NonFiniteException("L1.message", 0, 0, Float.NaN);
                }
                try {
                    Object result = method.invoke(cpu, arguments);
                    if (result instanceof Memory memory) {
                        made.add(memory);
                    }
                    return result;
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            });

    @AfterEach
    void close() {
        host.close();
        cpu.close();
    }

    private static StageCache.Stage stage(String key) {
        return new StageCache.Stage(1, key, List.of());
    }

    @Test
    void whatIsKnownIsRestoredAndTheLeastRecentLeavesFirst() {
        try (StageCache cache = new StageCache(backend, 2 * live.bytes())) {
            cache.save(stage("a"), live);
            cache.save(stage("b"), live);
            FloatMatrix target = FloatMatrix.allocate(host, 2, 2);
            assertThat(cache.restore(stage("a"), target)).isTrue();
            assertThat(target.toArray()).isEqualTo(live.toArray());
            cache.save(stage("c"), live);
            assertThat(cache.bytes()).isEqualTo(2 * live.bytes());
            assertThat(cache.restore(stage("b"), target)).isFalse();
            assertThat(cache.restore(stage("a"), target)).isTrue();
            assertThat(cache.restored()).isEqualTo(2);
        }
    }

    @Test
    void aStageThatDoesNotFitIsNotCopiedAndPutsNothingOut() {
        try (StageCache cache = new StageCache(backend, live.bytes())) {
            cache.save(stage("small"), live);
            cache.save(stage("large"), FloatMatrix.allocate(host, 3, 2));
            assertThat(made).hasSize(1);
            assertThat(cache.restore(stage("small"), live)).isTrue();
        }
    }

    @Test
    void aStageThatADeviceFindsFaultWithIsNotKept() {
        try (StageCache cache = new StageCache(backend, 2 * live.bytes())) {
            fails = true;
            assertThatThrownBy(() -> cache.save(stage("a"), live)).isInstanceOf(NonFiniteException.class);
            assertThat(cache.bytes()).isZero();
            assertThat(cache.restore(stage("a"), live)).isFalse();
            assertThatThrownBy(() -> made.get(0).allocate(1)).isInstanceOf(IllegalStateException.class);
        }
    }
}
