package org.sgquant.perf.resources;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Machine code of one kernel for sm_75 or later, as far as counting instructions along branches takes: 16 bytes each,
 * opcode in bits 0 to 11, predicate in bits 12 to 15.
 *
 * <p>NVIDIA documents no encoding; this one was read off cubins with known sources. {@link #jumpOf} can be checked
 * by the branch to itself that ends every kernel.
 */
final class Sass {

    private static final int BYTES = 16;
    private static final int ALWAYS = 7;
    private static final int BRANCH = 0x947;
    private static final int EXIT = 0x94d;
    private static final int GLOBAL_LOAD = 0x981;
    private static final int SHARED_STORE = 0x388;

    /** First compute capability whose branches keep the low bits of the displacement apart. */
    private static final int SPLIT_DISPLACEMENT = 90;

    private final int arch;
    private final long[] low;
    private final long[] high;

    Sass(int arch, long[] low, long[] high) {
        this.arch = arch;
        this.low = low;
        this.high = high;
    }

    /** Code of {@code kernel} in the cubin (an ELF file) for sm_{@code arch}. */
    static Sass of(byte[] cubin, String kernel, int arch) {
        ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        long headers = elf.getLong(0x28);
        int count = elf.getShort(0x3c);
        int names = (int) elf.getLong(section(headers, elf.getShort(0x3e)) + 0x18);
        for (int i = 0; i < count; i++) {
            int header = section(headers, i);
            if (name(elf, names + elf.getInt(header)).equals(".text." + kernel)) {
                return read(elf, (int) elf.getLong(header + 0x18), (int) elf.getLong(header + 0x20), arch);
            }
        }
        throw new IllegalArgumentException("the cubin has no kernel " + kernel);
    }

    private static int section(long headers, int i) {
        return Math.toIntExact(headers + 64L * i);
    }

    private static String name(ByteBuffer elf, int at) {
        StringBuilder name = new StringBuilder();
        for (int i = at; elf.get(i) != 0; i++) {
            name.append((char) elf.get(i));
        }
        return name.toString();
    }

    private static Sass read(ByteBuffer elf, int offset, int size, int arch) {
        int n = size / BYTES;
        long[] low = new long[n];
        long[] high = new long[n];
        for (int i = 0; i < n; i++) {
            low[i] = elf.getLong(offset + BYTES * i);
            high[i] = elf.getLong(offset + BYTES * i + Long.BYTES);
        }
        return new Sass(arch, low, high);
    }

    int size() {
        return low.length;
    }

    private int opcode(int i) {
        return (int) (low[i] & 0xfff);
    }

    boolean isBranch(int i) {
        return opcode(i) == BRANCH;
    }

    boolean isExit(int i) {
        return opcode(i) == EXIT && isAlways(i);
    }

    /** Whether instruction {@code i} has no predicate. */
    boolean isAlways(int i) {
        return (low[i] >> 12 & 15) == ALWAYS;
    }

    boolean isSharedStore(int i) {
        return opcode(i) == SHARED_STORE;
    }

    /** Bytes that a load from global memory brings to a thread, 0 for other instructions. */
    int loadBytes(int i) {
        if (opcode(i) != GLOBAL_LOAD) {
            return 0;
        }
        int code = (int) (high[i] >> 9 & 7);
        return code >= 4 ? 1 << (code - 2) : 1;
    }

    /** Instruction that the branch {@code i} goes to. */
    int jumpOf(int i) {
        long words = (high[i] & 0x3ffff) << 30 | low[i] >>> 34;
        words = words << 16 >> 16;
        if (arch >= SPLIT_DISPLACEMENT) {
            words = words << 8 | (low[i] >> 16 & 0xff);
        }
        return i + 1 + (int) (words * 4 / BYTES);
    }

    /** A loop: its first instruction and the branch back to it. */
    record Loop(int start, int branch) {

        private boolean holds(Loop other) {
            return !equals(other) && start <= other.start && other.branch <= branch;
        }
    }

    /** Loops that have no other loop inside. */
    List<Loop> innermostLoops() {
        List<Loop> loops = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            if (isBranch(i) && jumpOf(i) < i && jumpOf(i) >= 0) {
                loops.add(new Loop(jumpOf(i), i));
            }
        }
        return loops.stream()
                .filter(loop -> loops.stream().noneMatch(loop::holds))
                .toList();
    }
}
