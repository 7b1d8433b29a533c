package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllocationsTest {

    private final Allocations allocations = new Allocations();

    @Test
    void holds_what_lies_in_one_allocation() {
        allocations.add(0x1000, 100, "plan");
        allocations.add(0x1064, 50, "graph");
        assertThat(contains(0x1000, 100)).isTrue();
        assertThat(contains(0x1000, 0)).isTrue();
        assertThat(contains(0x1010, 84)).isTrue();
        assertThat(contains(0x1064, 50)).isTrue();
        assertThat(contains(0x1064 + 50, 0)).isTrue();
        assertThat(contains(0x1000, 101)).as("into the next one").isFalse();
        assertThat(contains(0x1010, 85)).as("into the next one").isFalse();
        assertThat(contains(0x0FFF, 1)).as("before the first").isFalse();
        assertThat(contains(0x1064, 51)).as("past the last").isFalse();
        assertThat(contains(0x1064 + 51, 0)).as("past the last").isFalse();
        assertThat(contains(0x7000_0000_0000L, Long.MAX_VALUE >> 1)).isFalse();
        allocations.remove(0x1000);
        assertThat(contains(0x1000, 1)).isFalse();
        assertThat(contains(0x1064, 1)).isTrue();
    }

    @Test
    void tells_who_holds_what_largest_first() {
        assertThat(allocations.held()).isEqualTo("nothing");
        allocations.add(1 << 20, 600, "plan");
        allocations.add(2 << 20, 1024, "graph");
        allocations.add(3 << 20, 500, "plan");
        assertThat(allocations.held()).isEqualTo("plan 1.1 KiB, graph 1.0 KiB");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1, 1 byte",
        "1023, 1023 bytes",
        "1024, 1.0 KiB",
        "1048576, 1.0 MiB",
        "5368709120, 5.0 GiB",
        "1319413953331, 1.2 TiB",
        "9223372036854775807, 8388608.0 TiB"
    })
    void bytes_have_the_unit_that_suits(long bytes, String text) {
        assertThat(ByteCount.format(bytes)).isEqualTo(text);
    }

    private boolean contains(long address, long bytes) {
        return allocations.contains(DeviceSegments.at(address, bytes));
    }
}
