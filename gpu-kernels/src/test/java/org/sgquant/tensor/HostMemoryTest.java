package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

    private static final Path MAPPINGS = Path.of("/proc/self/smaps");

    @Test
    void what_is_allocated_is_zero() {
        try (HostMemory memory = new HostMemory()) {
            for (long bytes : List.of(1L, HugePages.LEAST_BYTES - 1, 3 * HugePages.LEAST_BYTES + 77)) {
                MemorySegment segment = memory.allocate(bytes);
                assertThat(segment.byteSize()).isEqualTo(Memory.align(bytes));
                assertThat(segment.address() % Memory.ALIGNMENT).isZero();
                assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) segment.byteSize()])))
                        .isEqualTo(-1);
                segment.fill((byte) -1);
            }
        }
    }

    @Test
    void large_memory_is_marked_for_huge_pages() throws IOException {
        assumeThat(Path.of("/sys/kernel/mm/transparent_hugepage/enabled")).exists();
        try (HostMemory memory = new HostMemory()) {
            MemorySegment segment = memory.allocate(3 * HugePages.LEAST_BYTES);
            segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            assertThat(flags(segment.address() + segment.byteSize() / 2)).contains("hg");
        }
    }

    /** The flags of the mapping that {@code address} lies in. */
    private static List<String> flags(long address) throws IOException {
        boolean inside = false;
        for (String line : Files.readAllLines(MAPPINGS)) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                String[] bounds = line.substring(0, line.indexOf(' ')).split("-");
                inside = Long.parseUnsignedLong(bounds[0], 16) <= address
                        && address < Long.parseUnsignedLong(bounds[1], 16);
            } else if (inside && line.startsWith("VmFlags:")) {
                return List.of(line.substring("VmFlags:".length()).trim().split(" "));
            }
        }
        throw new AssertionError(MAPPINGS + " has no mapping of address " + Long.toHexString(address));
    }
}
