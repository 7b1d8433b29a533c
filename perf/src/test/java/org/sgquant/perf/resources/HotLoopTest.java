package org.sgquant.perf.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HotLoopTest {

    private static final long ALWAYS = 7L << 12;
    private static final long OTHER = 0x812 | ALWAYS;
    private static final long STORE = 0x388 | ALWAYS;
    private static final long LOAD = 0x981 | ALWAYS;
    private static final long QUAD = 6L << 9;

    /**
     * 0 other; loop: 1 branch to 5 (path of the last edges: 2, 3, 4 and 5 load, as many); 5, 6 load; 7 branch over a
     * store to 9; 8 store; 9 back to 1.
     */
    private static Sass code(int arch) {
        long[] low = {OTHER, 0, LOAD, LOAD, OTHER, LOAD, LOAD, 0, STORE, 0, 0};
        long[] high = {0, 0, QUAD, QUAD, 0, QUAD, QUAD, 0, 0, 0, 0};
        branch(low, high, 1, 5, arch);
        branch(low, high, 7, 9, arch);
        branch(low, high, 9, 1, arch);
        branch(low, high, 10, 10, arch);
        low[10] |= ALWAYS;
        return new Sass(arch, low, high);
    }

    /** As the two generations encode it. */
    private static void branch(long[] low, long[] high, int at, int target, int arch) {
        long words = (target - at - 1) * 4L;
        low[at] = 0x947;
        if (arch >= 90) {
            low[at] |= (words & 0xff) << 16;
            words >>= 8;
        }
        low[at] |= words << 34;
        high[at] = words >> 30 & 0x3ffff;
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void branches_are_followed_both_ways(int arch) {
        Sass code = code(arch);
        assertThat(code.jumpOf(1)).isEqualTo(5);
        assertThat(code.jumpOf(9)).isEqualTo(1);
        assertThat(code.jumpOf(10)).isEqualTo(10);
        assertThat(code.loadBytes(2)).isEqualTo(16);
        assertThat(code.innermostLoops()).containsExactly(new Sass.Loop(1, 9));
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void a_turn_is_the_shortest_path_that_makes_all_loads(int arch) {
        // 1 5 6 7 9, and with the store 1 5 6 7 8 9.
        HotLoop loop = HotLoop.find(code(arch), 16, 2);
        assertThat(loop).isEqualTo(new HotLoop(5, 6));
        assertThat(loop.perLoad(2, 4)).isEqualTo((5 + 0.25) / 2);
    }

    @Test
    void a_loop_without_such_loads_is_not_found() {
        assertThatThrownBy(() -> HotLoop.find(code(90), 8, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no loop with 2 loads of 8 bytes");
    }

    @Test
    void registers_spills_and_shared_memory_are_read_by_kernel() {
        String text = """
                ptxas info    : Compiling entry function 'a_f32' for 'sm_90'
                ptxas info    : Function properties for a_f32
                    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
                ptxas info    : Used 64 registers, used 1 barriers, 16384 bytes smem
                ptxas info    : Compiling entry function 'b_f32' for 'sm_90'
                ptxas info    : Function properties for b_f32
                    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
                ptxas info    : Used 12 registers, used 0 barriers
                """;
        assertThat(KernelResources.parse(text))
                .isEqualTo(Map.of(
                        "a_f32", new KernelResources.Used(64, 16, 16384), "b_f32", new KernelResources.Used(12, 0, 0)));
    }
}
