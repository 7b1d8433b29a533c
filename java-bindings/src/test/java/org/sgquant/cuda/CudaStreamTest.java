package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaStreamTest extends OnOpenDevice {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 31, 32, 33, 1009, 65_537, 1 << 20})
    void what_is_copied_there_comes_back(int bytes) {
        MemorySegment host = random(arena.allocate(bytes), bytes);
        MemorySegment back = arena.allocate(bytes);
        MemorySegment segment = memory.allocate(bytes);
        stream.copyToDevice(host, segment, bytes);
        stream.copyToHost(segment, back, bytes);
        assertThat(back.mismatch(host)).isEqualTo(-1);
    }

    @Test
    void parts_are_copied_to_their_place() {
        MemorySegment host = random(arena.allocate(100), 5);
        MemorySegment segment = memory.allocate(300);
        stream.copyToDevice(host, segment.asSlice(64, 100), 100);
        stream.copyToDevice(host.asSlice(50), segment.asSlice(200), 50);
        MemorySegment back = arena.allocate(300);
        stream.copyToHost(segment, back, 300);
        assertThat(back.asSlice(64, 100).mismatch(host)).isEqualTo(-1);
        assertThat(back.asSlice(200, 50).mismatch(host.asSlice(50))).isEqualTo(-1);
        assertThat(back.asSlice(0, 64).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertThat(back.asSlice(164, 36).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertThat(back.asSlice(250).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void the_host_may_reuse_what_it_copied() {
        try (PinnedMemory pinned = device.newPinnedMemory()) {
            for (MemorySegment host : new MemorySegment[] {arena.allocate(1 << 20), pinned.allocate(1 << 20)}) {
                MemorySegment segment = memory.allocate(1 << 20);
                host.fill((byte) 7);
                stream.copyToDevice(host, segment, 1 << 20);
                host.fill((byte) 9);
                MemorySegment back = arena.allocate(1 << 20);
                stream.copyToHost(segment, back, 1 << 20);
                assertThat(back.toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
            }
        }
    }

    @Test
    void pinned_memory_is_zero_and_ends_with_its_owner() {
        PinnedMemory pinned = device.newPinnedMemory();
        MemorySegment segment = pinned.allocate(33);
        assertThat(segment.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0).hasSize(33);
        assertThat(pinned.allocate(0).byteSize()).isZero();
        assertThatThrownBy(() -> pinned.allocate(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> pinned.allocate(1L << 31)).isInstanceOf(IllegalArgumentException.class);
        pinned.close();
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pinned.allocate(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void fills_only_what_it_is_told() {
        MemorySegment segment = memory.allocate(100);
        stream.fill(segment.asSlice(10), (byte) -3, 33);
        stream.fill(segment, (byte) 1, 0);
        MemorySegment back = arena.allocate(100);
        stream.copyToHost(segment, back, 100);
        for (int i = 0; i < 100; i++) {
            assertThat(back.get(ValueLayout.JAVA_BYTE, i)).as("byte %d", i).isEqualTo((byte)
                    (i >= 10 && i < 43 ? -3 : 0));
        }
    }

    @Test
    void copies_are_counted_empty_ones_are_not() {
        MemorySegment host = arena.allocate(8);
        MemorySegment segment = memory.allocate(8);
        long toDevice = CudaCounters.copiesToDevice();
        long toHost = CudaCounters.copiesToHost();
        stream.copyToDevice(host, segment, 8);
        stream.copyToDevice(host, segment, 0);
        stream.copyToHost(segment, host, 8);
        stream.copyToHost(segment, host, 1);
        stream.copyToHost(segment, host, 0);
        assertThat(CudaCounters.copiesToDevice() - toDevice).isEqualTo(1);
        assertThat(CudaCounters.copiesToHost() - toHost).isEqualTo(2);
    }

    @Test
    void memory_of_another_opening_is_refused() {
        try (CudaDevice other = CudaDevice.open(0);
                DeviceMemory foreign = other.newMemory("foreign")) {
            MemorySegment segment = foreign.allocate(8);
            assertThatThrownBy(() -> stream.fill(segment, (byte) 1, 8)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void events_measure_what_lies_between() {
        CudaEvent end = device.newEvent();
        try (CudaEvent start = device.newEvent()) {
            assertThatThrownBy(() -> end.millisecondsSince(start))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CudaEvent.millisecondsSince: both events must be recorded first");
            MemorySegment segment = memory.allocate(1 << 24);
            start.record(stream);
            stream.fill(segment, (byte) 1, 1 << 24);
            end.record(stream);
            assertThat(end.millisecondsSince(start)).isPositive();
            end.close();
            assertThatThrownBy(() -> start.millisecondsSince(end))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CudaEvent.millisecondsSince: the event is closed");
        }
    }

    @Test
    void a_closed_stream_is_refused() {
        MemorySegment segment = memory.allocate(8);
        stream.close();
        assertThatThrownBy(() -> stream.fill(segment, (byte) 0, 8))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaStream.fill: the stream is closed");
        assertThatThrownBy(stream::beginCapture).isInstanceOf(IllegalStateException.class);
        try (CudaEvent event = device.newEvent()) {
            assertThatThrownBy(() -> event.record(stream))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CudaEvent.record: the stream is closed");
        }
    }

    private static MemorySegment random(MemorySegment segment, long seed) {
        Random random = new Random(seed);
        for (long i = 0; i < segment.byteSize(); i++) {
            segment.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        return segment;
    }
}
