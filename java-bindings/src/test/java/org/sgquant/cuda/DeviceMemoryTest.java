package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest extends OnOpenDevice {

    @Test
    void allocations_are_zero_and_aligned() {
        long total = 0;
        for (long bytes : new long[] {0, 1, 31, 32, 33, 257, 1009, 1 << 20}) {
            MemorySegment segment = memory.allocate(bytes);
            assertThat(segment.byteSize()).isEqualTo(bytes);
            assertThat(segment.address()).isPositive();
            assertThat(segment.address() % 256).isZero();
            assertThat(read(segment)).isEqualTo(new byte[(int) bytes]);
            total += bytes;
        }
        assertThat(memory.allocatedBytes()).isEqualTo(total);
        memory.close();
        assertThat(memory.allocatedBytes()).isZero();
    }

    @Test
    void memory_used_before_is_zero_again() {
        for (int round = 0; round < 3; round++) {
            try (DeviceMemory again = device.newMemory("again")) {
                MemorySegment segment = again.allocate(4096);
                assertThat(read(segment)).containsOnly(0);
                stream.fill(segment, (byte) 0x5A, 4096);
                assertThat(read(segment)).containsOnly(0x5A);
            }
        }
    }

    @Test
    void the_host_cannot_look_into_it() {
        MemorySegment segment = memory.allocate(64);
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_INT, 0)).isInstanceOf(WrongThreadException.class);
        assertThatThrownBy(() -> segment.asSlice(32).set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
                .isInstanceOf(WrongThreadException.class);
        assertThatThrownBy(() -> segment.fill((byte) 0)).isInstanceOf(WrongThreadException.class);
        assertThat(segment.asSlice(32, 16).address()).isEqualTo(segment.address() + 32);
        assertThatThrownBy(() -> segment.asSlice(60, 5)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void negative_sizes_and_closed_memory_are_refused() {
        assertThatThrownBy(() -> memory.allocate(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("DeviceMemory.allocate: bytes must be >= 0, got -1");
        memory.close();
        assertThatThrownBy(() -> memory.allocate(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("DeviceMemory.allocate: the memory 'test' is closed");
    }

    @Test
    void too_much_is_refused_with_who_holds_what() {
        memory.allocate(3 << 20);
        long tooMuch = 2 * device.totalMemory();
        assertThatThrownBy(() -> memory.allocate(tooMuch))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith(
                        "cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): requested " + ByteCount.format(tooMuch) + ", free ")
                .hasMessageEndingWith("; held: test 3.0 MiB");
        assertThat(memory.allocatedBytes()).isEqualTo(3 << 20);
        memory.allocate(1);
    }

    @Test
    void copies_stay_inside() {
        MemorySegment segment = memory.allocate(64);
        MemorySegment host = arena.allocate(128);
        for (long bytes : new long[] {-1, 65, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> stream.copyToHost(segment, host, bytes))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("CudaStream.copyToHost: bytes must be in 0..64, the size of the device segment, got "
                            + bytes);
            assertThatThrownBy(() -> stream.copyToDevice(host, segment, bytes))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> stream.fill(segment, (byte) 0, bytes))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> stream.copyToHost(segment, host.asSlice(0, 63), 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CudaStream.copyToHost: bytes must be in 0..63, the size of the host segment, got 64");
    }

    @Test
    void segments_of_closed_memory_are_refused() {
        MemorySegment segment = memory.allocate(64);
        memory.close();
        MemorySegment host = arena.allocate(64);
        assertThatThrownBy(() -> stream.copyToHost(segment, host, 64))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("CudaStream.copyToHost: the device segment must lie in open memory of the "
                        + "stream's device, got 64 bytes at 0x");
        assertThatThrownBy(() -> stream.copyToDevice(host, segment, 64)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> stream.fill(segment, (byte) 0, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void segments_are_not_taken_for_one_another() {
        MemorySegment segment = memory.allocate(64);
        MemorySegment host = arena.allocate(64);
        assertThatThrownBy(() -> stream.copyToHost(host, host, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CudaStream.copyToHost: the device segment must come from DeviceMemory, got ");
        for (MemorySegment wrong : new MemorySegment[] {segment, MemorySegment.ofArray(new byte[64])}) {
            assertThatThrownBy(() -> stream.copyToDevice(wrong, segment, 64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(
                            "CudaStream.copyToDevice: the host segment must be host memory outside the Java heap");
        }
        assertThatThrownBy(() -> stream.copyToHost(segment, host.asReadOnly(), 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CudaStream.copyToHost: the host segment is read-only");
        stream.copyToDevice(host.asReadOnly(), segment, 64);
    }

    @Test
    void host_memory_that_is_gone_or_of_another_thread_is_refused() throws InterruptedException {
        MemorySegment segment = memory.allocate(64);
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(64);
        closed.close();
        assertThatThrownBy(() -> stream.copyToHost(segment, gone, 64))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaStream.copyToHost: the arena of the host segment is closed");
        MemorySegment[] foreign = new MemorySegment[1];
        Thread other = new Thread(() -> foreign[0] = Arena.ofConfined().allocate(64));
        other.start();
        other.join();
        assertThatThrownBy(() -> stream.copyToDevice(foreign[0], segment, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CudaStream.copyToDevice: the host segment belongs to another thread");
    }

    private byte[] read(MemorySegment segment) {
        MemorySegment host = arena.allocate(segment.byteSize());
        host.fill((byte) 0x77);
        stream.copyToHost(segment, host, segment.byteSize());
        return host.toArray(ValueLayout.JAVA_BYTE);
    }
}
