// out_i = sum over neighbours j of row i of scale * code_j + offset, for the instruction set that this is compiled for.
//
// Per block of rows of one width, in ascending order: acc = fma(scale, (float) sum of codes, fma(offset, (float) count,
// acc)). The integers are exact and the float operations those of org.sgquant.kernels.cpu.RowAggregator, so the bits
// are the same.
#include "packed_spmm.h"

#include "bit_counts.h"
#include "section_sums.h"

namespace sgq {
namespace {

/** Bytes of a vector register. */
constexpr int REGISTER = SGQ_REGISTER;

/** Columns summed at once, and room for those that a vector of 1-bit codes holds past the last one. */
constexpr int TILE = 512;
constexpr int SLACK = 512;

/** Adds the first N vectors of BYTES bytes of a section and returns the bytes that they are. */
template <int WIDTH, int BYTES, int N>
SGQ_INLINE int add_vectors(const Gather &rows, int32_t from, int32_t to, int shift, uint32_t *sums) {
#ifdef __AVX512BW__
    if constexpr (WIDTH == 1) {
        BitCounts<BYTES>::run(rows, from, to, shift, sums);
        return BYTES;
    }
#endif
    SectionSums<WIDTH, BYTES, N, REGISTER / BYTES>::run(rows, from, to, shift, sums);
    return N * BYTES;
}

/** Adds one section of WIDTH bits over `cols` columns; `rows.base` is its place for the first of them. */
template <int WIDTH>
SGQ_INLINE void add_section(Gather rows, int32_t from, int32_t to, int shift, int cols, uint32_t *sums) {
    int bytes = (cols * WIDTH + 7) / 8;
    while (bytes > 0) {
        int done = WIDTH >= 4 && bytes > REGISTER ? add_vectors<WIDTH, REGISTER, 2>(rows, from, to, shift, sums)
                   : bytes > REGISTER / 2         ? add_vectors<WIDTH, REGISTER, 1>(rows, from, to, shift, sums)
                   : bytes > 16                   ? add_vectors<WIDTH, 32, 1>(rows, from, to, shift, sums)
                                                  : add_vectors<WIDTH, 16, 1>(rows, from, to, shift, sums);
        rows.base += done;
        sums += done * 8 / WIDTH;
        bytes -= done;
    }
}

/** First edge in [from, to) whose source is `row` or a later one: columns ascend. */
int32_t first_edge(const int32_t *col_idx, int32_t from, int32_t to, int32_t row) {
    if (to > from && col_idx[to - 1] < row) {
        return to;
    }
    while (from < to) {
        int32_t mid = from + (to - from) / 2;
        if (col_idx[mid] < row) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return from;
}

/** The address at which column c0 of section s of row 0 would stand if `block` began with it. */
SGQ_INLINE uintptr_t section(const sgq_block *block, int s, int c0) {
    return (uintptr_t)block->data + block->section_offset[s] + (int64_t)c0 * block->widths[s] / 8
           - block->row_start * block->stride;
}

/** Fetches column c0 of the rows that edges [from, to) read, in whichever block they are. */
void fetch(const sgq_spmm *x, int32_t from, int32_t to, int c0) {
    for (int32_t e = from; e < to; e++) {
        int32_t row = x->col_idx[e];
        const sgq_block *block = x->blocks;
        while (row >= block->row_end) {
            block++;
        }
        for (int s = 0; s < block->sections; s++) {
            __builtin_prefetch((const void *)(section(block, s, c0) + row * block->stride));
        }
    }
}

/** Edges [from, to), all of whose sources lie in `block`. */
struct Segment {
    const sgq_block *block;
    int32_t from;
    int32_t to;
    /** The last edge that may be looked at. */
    int32_t last;
};

/** sums += the codes of a segment in columns [c0, c0 + cols). */
SGQ_INLINE void add_codes(const sgq_spmm *x, Segment segment, int c0, int cols, uint32_t *sums) {
    const sgq_block *block = segment.block;
    int32_t from = segment.from;
    int32_t to = segment.to;
    int shift = block->bits;
    for (int s = 0; s < block->sections; s++) {
        int width = block->widths[s];
        shift -= width;
        Gather rows = {x->col_idx, segment.last, section(block, s, c0), block->stride};
        switch (width) {
            case 8: add_section<8>(rows, from, to, shift, cols, sums); break;
            case 4: add_section<4>(rows, from, to, shift, cols, sums); break;
            case 2: add_section<2>(rows, from, to, shift, cols, sums); break;
            default: add_section<1>(rows, from, to, shift, cols, sums); break;
        }
    }
}

/** acc = fma(scale, (float) sums, fma(offset, count, acc)), with acc 0 for the first block. */
template <class Sum>
SGQ_INLINE void scale_sums(const sgq_block *block, int c0, int cols, const Sum *sums, float count, bool first, float *acc) {
    const float *scale = block->scale;
    const float *offset = block->offset;
    if (block->per_column) {
        for (int c = 0; c < cols; c++) {
            float base = __builtin_fmaf(offset[c0 + c], count, first ? 0.0f : acc[c]);
            acc[c] = __builtin_fmaf(scale[c0 + c], (float)sums[c], base);
        }
    } else {
        for (int c = 0; c < cols; c++) {
            float base = __builtin_fmaf(offset[0], count, first ? 0.0f : acc[c]);
            acc[c] = __builtin_fmaf(scale[0], (float)sums[c], base);
        }
    }
}

/** Adds a segment whose sums may leave 32 bits, in pieces of which none does. */
__attribute__((noinline)) void sum_long(const sgq_spmm *x, Segment all, int c0, int cols, bool first, float *acc) {
    int64_t piece = UINT32_MAX / ((1 << all.block->bits) - 1);
    int64_t totals[TILE] = {};
    for (int64_t e = all.from; e < all.to; e += piece) {
        int32_t stop = all.to - e < piece ? all.to : (int32_t)(e + piece);
        alignas(64) uint32_t sums[TILE + SLACK] = {};
        add_codes(x, {all.block, (int32_t)e, stop, all.last}, c0, cols, sums);
        for (int c = 0; c < cols; c++) {
            totals[c] += sums[c];
        }
    }
    scale_sums(all.block, c0, cols, totals, (float)(all.to - all.from), first, acc);
}

/** acc = the aggregate of a segment, added to acc for all but the first. */
SGQ_INLINE void sum_segment(const sgq_spmm *x, Segment s, int c0, int cols, bool first, float *acc) {
    int64_t edges = s.to - s.from;
    if (edges > INT32_MAX / ((1 << s.block->bits) - 1)) {
        sum_long(x, s, c0, cols, first, acc);
        return;
    }
    alignas(64) uint32_t sums[TILE + SLACK];
    memset(sums, 0, cols * sizeof *sums);
    add_codes(x, s, c0, cols, sums);
    // Signed conversion is one instruction; the sums fit.
    scale_sums(s.block, c0, cols, (const int32_t *)sums, (float)edges, first, acc);
}

/** The aggregate of one row in columns [c0, c0 + cols); `fetched`: the edges below it have been looked at. */
SGQ_INLINE void sum_row(const sgq_spmm *x, int32_t i, int c0, int cols, int32_t *fetched, float *acc) {
    int32_t e = x->row_ptr[i];
    int32_t end = x->row_ptr[i + 1];
    int32_t edges = x->row_ptr[x->rows];
    if (e == end) {
        memset(acc, 0, cols * sizeof *acc);
        return;
    }
    if (x->block_count == 1) {
        sum_segment(x, {x->blocks, e, end, edges - 1}, c0, cols, true, acc);
        return;
    }
    bool first = true;
    for (const sgq_block *block = x->blocks; e < end; block++) {
        int32_t stop = first_edge(x->col_idx, e, end, block->row_end);
        if (stop == e) {
            continue;
        }
        // Other blocks stand elsewhere: what lies past this one's edges is fetched before they are summed.
        int32_t until = edges - stop < Gather::AHEAD ? edges : stop + Gather::AHEAD;
        fetch(x, *fetched > stop ? *fetched : stop, until, c0);
        *fetched = until;
        sum_segment(x, {block, e, stop, stop - 1}, c0, cols, first, acc);
        first = false;
        e = stop;
    }
}

}  // namespace
}  // namespace sgq

extern "C" __attribute__((visibility("default"))) void SGQ_FUNCTION(sgq_spmm)(const sgq_spmm *x, int32_t from, int32_t to,
                                                                              float *out, int64_t out_stride) {
    for (int c0 = 0; c0 < x->cols; c0 += sgq::TILE) {
        int cols = x->cols - c0 < sgq::TILE ? x->cols - c0 : sgq::TILE;
        int32_t fetched = 0;
        for (int32_t i = from; i < to; i++) {
            sgq::sum_row(x, i, c0, cols, &fetched, out + (i - from) * out_stride + c0);
        }
    }
}
