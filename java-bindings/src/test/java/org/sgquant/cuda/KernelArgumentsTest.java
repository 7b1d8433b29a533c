package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reads arguments as a driver does: through the addresses. */
class KernelArgumentsTest {

    private final KernelArguments arguments = new KernelArguments();

    @AfterEach
    void close() {
        arguments.close();
    }

    @Test
    void every_type_lies_where_its_address_says() {
        byte[] bytes = new byte[656];
        bytes[0] = 1;
        bytes[655] = 2;
        MemorySegment struct = MemorySegment.ofArray(bytes);
        arguments
                .pointer(DeviceSegments.at(0x7F00_0000_1000L, 8))
                .int32(-5)
                .int64(1L << 40)
                .float32(1.5f)
                .struct(struct)
                .float64(-0.1)
                .pointer(null);
        struct.fill((byte) 9);
        assertThat(arguments.count()).isEqualTo(7);
        assertThat(value(0, 8).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x7F00_0000_1000L);
        assertThat(value(1, 4).get(ValueLayout.JAVA_INT, 0)).isEqualTo(-5);
        assertThat(value(2, 8).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1L << 40);
        assertThat(value(3, 4).get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(1.5f);
        assertThat(value(4, 656).toArray(ValueLayout.JAVA_BYTE))
                .startsWith(1, 0)
                .endsWith(0, 2);
        assertThat(value(5, 8).get(ValueLayout.JAVA_DOUBLE, 0)).isEqualTo(-0.1);
        assertThat(value(6, 8).get(ValueLayout.JAVA_LONG, 0)).isZero();
    }

    @Test
    void reset_begins_again() {
        arguments.int32(1).int32(2).reset().int32(3);
        assertThat(arguments.count()).isEqualTo(1);
        assertThat(value(0, 4).get(ValueLayout.JAVA_INT, 0)).isEqualTo(3);
    }

    @Test
    void a_missing_argument_is_still_readable_memory() {
        arguments.int64(1);
        for (int i = 0; i < 128; i++) {
            assertThat(value(i, 4096).get(ValueLayout.JAVA_BYTE, 4095)).isZero();
        }
    }

    @Test
    void too_much_is_refused() {
        for (int i = 0; i < 128; i++) {
            arguments.int32(i);
        }
        assertThatThrownBy(() -> arguments.int32(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("at most 128 arguments");
        assertThatThrownBy(() -> arguments.reset().struct(MemorySegment.ofArray(new byte[8193])))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("8192 bytes, got argument 0 of 8193 bytes after 0");
    }

    @Test
    void host_memory_is_refused_as_a_pointer() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(8);
            assertThatThrownBy(() -> arguments.pointer(host)).isInstanceOf(IllegalArgumentException.class);
            assertThat(arguments.count()).isZero();
        }
    }

    private MemorySegment value(int index, long bytes) {
        long address = MemorySegment.ofAddress(arguments.address())
                .reinterpret(128 * 8)
                .getAtIndex(ValueLayout.JAVA_LONG, index);
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }
}
