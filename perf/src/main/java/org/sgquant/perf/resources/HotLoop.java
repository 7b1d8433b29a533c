package org.sgquant.perf.resources;

import java.util.ArrayList;
import java.util.List;

/**
 * Instructions of one turn of the loop that gathers rows, along the path of a full batch: the shortest one that makes
 * all of its loads.
 *
 * @param plain instructions of a turn that leaves the sums in registers
 * @param spilling instructions of a turn that moves them to shared memory
 */
record HotLoop(int plain, int spilling) {

    /** One way through the loop. */
    private record Path(int instructions, int loads, boolean spills) {}

    /** The loop of {@code code} that loads {@code loads} times {@code bytes} bytes, row numbers apart. */
    static HotLoop find(Sass code, int bytes, int loads) {
        // Row numbers are loads of 4 bytes too.
        int expected = bytes == Integer.BYTES ? 2 * loads : loads;
        for (Sass.Loop loop : code.innermostLoops()) {
            List<Path> paths = new ArrayList<>();
            walk(code, loop.start(), loop.start(), new Path(0, 0, false), bytes, paths);
            int plain = shortest(paths, expected, false);
            if (plain > 0) {
                return new HotLoop(plain, shortest(paths, expected, true));
            }
        }
        throw new IllegalStateException("no loop with " + loads + " loads of " + bytes + " bytes");
    }

    private static int shortest(List<Path> paths, int loads, boolean spills) {
        return paths.stream()
                .filter(p -> p.loads >= loads && p.spills == spills)
                .mapToInt(Path::instructions)
                .min()
                .orElse(0);
    }

    /** Adds every way from instruction {@code i} back to {@code start} that only jumps forward in between. */
    private static void walk(Sass code, int start, int i, Path path, int bytes, List<Path> paths) {
        for (; i < code.size(); i++) {
            path = new Path(
                    path.instructions + 1,
                    path.loads + (code.loadBytes(i) == bytes ? 1 : 0),
                    path.spills || code.isSharedStore(i));
            if (code.isBranch(i)) {
                int target = code.jumpOf(i);
                if (target == start) {
                    paths.add(path);
                } else if (target > i) {
                    walk(code, start, target, path, bytes, paths);
                }
                if (code.isAlways(i)) {
                    return;
                }
            } else if (code.isExit(i)) {
                return;
            }
        }
    }

    /** Instructions per load, the turns that move sums shared out among the {@code fit} turns between them. */
    double perLoad(int loads, int fit) {
        return (plain + (spilling - plain) / (double) fit) / loads;
    }
}
