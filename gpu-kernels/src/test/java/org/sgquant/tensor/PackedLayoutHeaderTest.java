package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The C header of the cuda module, compiled here, lays rows out exactly as {@link PackedLayout} does. */
class PackedLayoutHeaderTest {

    private static final String HEADER = "/org/sgquant/cuda/include/sgq/packed_layout.h";

    private static final int[] COLUMNS = IntStream.concat(
                    IntStream.rangeClosed(1, 40), IntStream.of(100, 128, 602, 1433))
            .toArray();

    /** Prints one line per width and column count: sizes, the bytes of a written row, and the codes read back. */
    private static final String PROGRAM = """
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include "packed_layout.h"

            int main(int argc, char **argv) {
              static const int widths[] = {1, 2, 3, 4, 5, 6, 7, 8, 16};
              for (int i = 0; i < 9; i++) {
                for (int a = 1; a < argc; a++) {
                  int q = widths[i], cols = atoi(argv[a]), stride = sgq_row_stride(q, cols);
                  uint8_t row[4096];
                  memset(row, 0, sizeof row);
                  printf("%d %d: stride %d payload %d offsets", q, cols, stride, sgq_payload_bytes(q, cols));
                  for (int s = 0; s < sgq_sections(q); s++) printf(" %d", sgq_section_offset(q, cols, s));
                  uint32_t mask = (1u << q) - 1, lost = 0;
                  for (int c = 0; c < cols; c++) sgq_set_code(row, q, cols, c, mask);
                  for (int c = 0; c < cols; c++) sgq_set_code(row, q, cols, c, (c * 40503u + 7u) >> 3 & mask);
                  for (int c = 0; c < cols; c++) lost += sgq_code(row, q, cols, c) != ((c * 40503u + 7u) >> 3 & mask);
                  printf(" lost %u row ", lost);
                  for (int b = 0; b < stride; b++) printf("%02x", row[b]);
                  printf("\\n");
                }
              }
              return 0;
            }
            """;

    @Test
    void the_header_and_the_class_agree_on_every_byte(@TempDir Path folder) throws Exception {
        compile(folder, PROGRAM);
        List<String> command = Stream.concat(
                        Stream.of("./layout"), Arrays.stream(COLUMNS).mapToObj(Integer::toString))
                .toList();
        assertThat(NativeProgram.run(folder, command.toArray(String[]::new)).lines())
                .containsExactlyElementsOf(expected().toList());
    }

    /** Compiles {@code program} beside the header, to {@code layout}. */
    private static void compile(Path folder, String program) throws Exception {
        try (InputStream header = PackedLayout.class.getResourceAsStream(HEADER)) {
            assertThat(header).as("resource %s of the cuda jar", HEADER).isNotNull();
            Files.copy(header, folder.resolve("packed_layout.h"));
        }
        Files.writeString(folder.resolve("layout.c"), program);
        NativeProgram.run(
                folder,
                NativeProgram.compiler("cc", "gcc"),
                "-std=c99",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-o",
                "layout",
                "layout.c");
    }

    /** Prints sizes of the row that the weights of many edges are, and the place of its last code. */
    private static final String LONG_ROWS = """
            #include <stdio.h>
            #include "packed_layout.h"

            int main(void) {
              static const int widths[] = {1, 2, 3, 4, 5, 6, 7, 8, 16};
              static const int columns[] = {268435455, 268435456, 268435463, 536870919, 1073741823};
              for (int i = 0; i < 9; i++) {
                for (int a = 0; a < (widths[i] == 16 ? 4 : 5); a++) {
                  int q = widths[i], cols = columns[a], w = sgq_section_width(q, 0), c = cols - 1;
                  printf("%d %d: stride %d payload %d last %d.%d\\n", q, cols, sgq_row_stride(q, cols),
                         sgq_payload_bytes(q, cols), sgq_byte_of(w, c), sgq_bit_of(w, c));
                }
              }
              return 0;
            }
            """;

    @Test
    void rows_of_more_bits_than_an_int_counts_have_the_sizes_of_the_class(@TempDir Path folder) throws Exception {
        compile(folder, LONG_ROWS);
        List<String> expected = new ArrayList<>();
        for (BitWidth bits : BitWidth.values()) {
            for (int cols : new int[] {268435455, 268435456, 268435463, 536870919, 1073741823}) {
                if (bits.isInteger() && (bits != BitWidth.Q16 || cols < 1073741823)) {
                    long last = (cols - 1L) * bits.sections().get(0);
                    expected.add("%d %d: stride %d payload %d last %d.%d"
                            .formatted(
                                    bits.bits(),
                                    cols,
                                    PackedLayout.rowStride(bits, cols),
                                    PackedLayout.payloadBytes(bits, cols),
                                    last / 8,
                                    last % 8));
                }
            }
        }
        assertThat(NativeProgram.run(folder, "./layout").lines()).containsExactlyElementsOf(expected);
    }

    private static Stream<String> expected() {
        return Arrays.stream(BitWidth.values())
                .filter(BitWidth::isInteger)
                .flatMap(bits -> Arrays.stream(COLUMNS).mapToObj(cols -> line(bits, cols)));
    }

    private static String line(BitWidth bits, int cols) {
        int stride = PackedLayout.rowStride(bits, cols);
        StringBuilder line = new StringBuilder("%d %d: stride %d payload %d offsets"
                .formatted(bits.bits(), cols, stride, PackedLayout.payloadBytes(bits, cols)));
        for (int s = 0; s < bits.sections().size(); s++) {
            line.append(' ').append(PackedLayout.sectionOffset(bits, cols, s));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(stride);
            for (int c = 0; c < cols; c++) {
                PackedLayout.setCode(row, 0, bits, cols, c, (c * 40503 + 7) >>> 3 & bits.maxCode());
            }
            line.append(" lost 0 row ").append(HexFormat.of().formatHex(row.toArray(ValueLayout.JAVA_BYTE)));
        }
        return line.toString();
    }
}
