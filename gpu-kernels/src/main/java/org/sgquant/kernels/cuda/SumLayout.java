package org.sgquant.kernels.cuda;

import java.util.List;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;

/**
 * How the threads of a warp cover the columns of a packed matrix when its codes are summed ({@code sgq/row_sum.cuh}).
 *
 * <p>A tile of {@code tile} columns, a power of two, is taken at a time. A thread holds a run of 16 columns of sections
 * of 8 bits and of 32 of narrower ones; {@code groupLanes} threads hold the tile in the narrowest runs of the matrix.
 *
 * @param width of all codes where the kernels have one for it, or 0
 */
record SumLayout(int width, int tile, int groupLanes, int sections) {

    private static final int WARP = 32;
    private static final int MOST_COLUMNS = 512;

    /** Columns below which a tile is not cut: pieces of rows should not become shorter than a sector of 32 bytes. */
    private static final int LEAST_CUT = 128;

    private static final int SECTOR_BITS = 256;

    /** Bytes of the columns of one tile that stay in the cache of today's large GPUs, half of it. */
    private static final long CACHE_BYTES = 32L << 20;

    private static final int SECTION_BYTES = WARP * 5 * 16;
    private static final int STATE_BYTES = 640;

    /** For sums over {@code scheme}, in tiles of at most {@code most} columns. */
    static SumLayout of(QuantScheme scheme, int most) {
        List<BitWidth> widths = scheme.blocks().stream()
                .filter(b -> b.rows() > 0)
                .map(QuantScheme.Block::bits)
                .distinct()
                .toList();
        boolean some8 = widths.stream().anyMatch(w -> w.sections().contains(8));
        boolean only8 = widths.stream().allMatch(w -> w.sections().contains(8));
        int bits = widths.stream().mapToInt(BitWidth::bits).max().orElse(1);
        int tile = tile(scheme.rows(), scheme.cols(), bits, some8 && only8 ? 16 : 32, most);
        int sections = widths.stream().mapToInt(w -> w.sections().size()).max().orElse(1);
        int width = widths.size() == 1 && sections == 1 ? bits : 0;
        return new SumLayout(width, tile, tile / (some8 ? 16 : 32), sections);
    }

    /** The widest tile that leaves the fewest threads without a column and, if one does, stays in the cache. */
    private static int tile(int rows, int cols, int bits, int least, int most) {
        int whole = Math.max(least, Integer.highestOneBit(2 * Math.max(cols, 1) - 1));
        int widest = Math.min(whole, most);
        int narrowest = Math.min(widest, Math.max(LEAST_CUT, SECTOR_BITS / bits));
        int best = widest;
        boolean bestFits = false;
        for (int tile = widest; tile >= narrowest; tile /= 2) {
            boolean fits = (long) rows * tile * bits / Byte.SIZE <= CACHE_BYTES;
            if (covered(cols, tile) < covered(cols, best)
                    || (covered(cols, tile) == covered(cols, best) && fits && !bestFits)) {
                best = tile;
                bestFits = fits;
            }
        }
        return best;
    }

    private static int covered(int cols, int tile) {
        return Math.ceilDiv(cols, tile) * tile;
    }

    static SumLayout of(QuantScheme scheme) {
        return of(scheme, MOST_COLUMNS);
    }

    /** Name of a kernel without its granularity: {@code spmm_csr_q4}, or {@code spmm_csr_mixed}. */
    String kernel() {
        return "spmm_csr_" + (width == 0 ? "mixed" : "q" + width);
    }

    static String suffix(QuantScheme scheme) {
        return scheme.granularity() == Granularity.COLUMN ? "_column" : "_tensor";
    }

    int tiles(int cols) {
        return Math.ceilDiv(cols, tile);
    }

    /** Rows of few edges that a warp takes at once. */
    int groups() {
        return WARP / groupLanes;
    }

    /** Edges from which a row takes a whole warp: those that it loads at once. */
    int warpDegree() {
        return 4 * groups();
    }

    /** Shared memory of {@code warps} warps. */
    int sharedBytes(int warps) {
        return warps * (sections * SECTION_BYTES + STATE_BYTES);
    }
}
