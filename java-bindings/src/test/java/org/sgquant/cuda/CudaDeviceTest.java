package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.testing.OnDevice;

@OnDevice
class CudaDeviceTest {

    @Test
    void tells_what_it_is() {
        try (CudaDevice device = CudaDevice.open(0)) {
            assertThat(device.name()).isNotBlank().doesNotContain("\0");
            assertThat(device.computeCapability()).isGreaterThanOrEqualTo(75);
            assertThat(device.multiprocessors()).isPositive();
            assertThat(device.totalMemory()).isGreaterThan(1L << 29);
            assertThat(device.maxSharedBytesPerBlock()).isBetween(48 << 10, 1 << 20);
        }
    }

    @Test
    void can_be_opened_again_and_twice_at_once() {
        CudaDevice first = CudaDevice.open(0);
        first.close();
        try (CudaDevice second = CudaDevice.open(0);
                CudaDevice third = CudaDevice.open(0);
                CudaStream ofSecond = second.newStream();
                CudaStream ofThird = third.newStream()) {
            ofSecond.synchronize();
            ofThird.synchronize();
            ofSecond.synchronize();
        }
    }

    @Test
    void closing_names_what_was_left_open_and_closes_it() {
        CudaDevice device = CudaDevice.open(0);
        CudaStream stream = device.newStream();
        DeviceMemory memory = device.newMemory("plan");
        memory.allocate(100);
        device.newEvent();
        device.newPinnedMemory();
        Kernels.load(device);
        device.newMemory("closed in time").close();
        stream.beginCapture();
        assertThatThrownBy(device::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith(": stream, memory 'plan', event, pinned memory, module");
        assertThatThrownBy(stream::synchronize).hasMessage("CudaStream.synchronize: the stream is closed");
        memory.close();
        device.close();
    }

    @Test
    void nothing_comes_from_a_closed_device() {
        CudaDevice device = CudaDevice.open(0);
        device.close();
        device.close();
        assertThatThrownBy(device::newStream)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith("is closed");
        assertThatThrownBy(() -> device.newMemory("plan")).hasMessageStartingWith("CudaDevice.newMemory: device 0 ");
        assertThatThrownBy(device::newPinnedMemory).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(device::newEvent).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> device.load(new byte[1], new byte[1])).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(device::makeCurrent).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void another_thread_may_use_it() throws InterruptedException {
        try (CudaDevice device = CudaDevice.open(0);
                CudaStream stream = device.newStream()) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread other = new Thread(() -> {
                try (DeviceMemory memory = device.newMemory("other")) {
                    stream.fill(memory.allocate(64), (byte) 1, 64);
                    stream.synchronize();
                }
            });
            other.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
            other.start();
            other.join();
            assertThat(failure.get()).isNull();
        }
    }

    @Test
    void there_is_no_device_of_another_number() {
        int count = CudaProbe.probe().deviceCount();
        for (int ordinal : new int[] {-1, count, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> CudaDevice.open(ordinal))
                    .isInstanceOf(CudaUnavailableException.class)
                    .hasMessage(
                            "there is no CUDA device " + ordinal + ": the driver sees " + count + ", counted from 0");
        }
    }

    @Test
    void resources_may_be_closed_twice() {
        try (CudaDevice device = CudaDevice.open(0)) {
            for (AutoCloseable resource : new AutoCloseable[] {
                device.newStream(),
                device.newMemory("plan"),
                device.newPinnedMemory(),
                device.newEvent(),
                Kernels.load(device)
            }) {
                close(resource);
                close(resource);
            }
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new AssertionError("closing twice", e);
        }
    }
}
