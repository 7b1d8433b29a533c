// out_i = sum over neighbours j of row i of w * (scale * code_j + offset), for the instruction set that this is compiled
// for; w = ws * weight code of the edge, or 1.
//
// Per block of rows of one width, in ascending order: acc = fma(ws * scale, (float) sum of weight code times code,
// fma(ws * offset, (float) sum of weight codes, acc)). The integers are exact and the float operations those of
// org.sgquant.kernels.cpu.RowAggregator, so the bits are the same.
#include "packed_spmm.h"

#include "bit_counts.h"
#include "exports.h"
#include "section_sums.h"
#include "weighted_sums.h"

namespace sgq {
namespace {

/** Bytes of a vector register. */
constexpr int REGISTER = SGQ_REGISTER;

/** Columns summed at once, and room for those that a vector of 1-bit codes holds past the last one. */
constexpr int TILE = 512;
constexpr int SLACK = 512;

/** Adds the first N vectors of BYTES bytes of a section and returns the bytes that they are. */
template <int WIDTH, int BYTES, int N>
SGQ_INLINE int add_vectors(const Gather &rows, Weights weights, int32_t from, int32_t to, int shift, uint32_t *sums) {
#ifdef __AVX512BW__
    if constexpr (WIDTH == 1) {
        if (weights.codes) {
            WeightedBits<BYTES>::run(rows, weights, from, to, shift, sums);
        } else {
            BitCounts<BYTES>::run(rows, from, to, shift, sums);
        }
        return BYTES;
    }
#endif
    if (weights.codes) {
        WeightedSums<WIDTH, BYTES, N>::run(rows, weights, from, to, shift, sums);
    } else {
        SectionSums<WIDTH, BYTES, N, REGISTER / BYTES>::run(rows, from, to, shift, sums);
    }
    return N * BYTES;
}

/** Adds one section of WIDTH bits over `cols` columns; `rows.base` is its place for the first of them. */
template <int WIDTH>
SGQ_INLINE void add_section(Gather rows, Weights weights, int32_t from, int32_t to, int shift, int cols,
                            uint32_t *sums) {
    int bytes = (cols * WIDTH + 7) / 8;
    while (bytes > 0) {
        int done = WIDTH >= 4 && bytes > REGISTER ? add_vectors<WIDTH, REGISTER, 2>(rows, weights, from, to, shift, sums)
                   : bytes > REGISTER / 2 ? add_vectors<WIDTH, REGISTER, 1>(rows, weights, from, to, shift, sums)
                   : bytes > 16           ? add_vectors<WIDTH, 32, 1>(rows, weights, from, to, shift, sums)
                                          : add_vectors<WIDTH, 16, 1>(rows, weights, from, to, shift, sums);
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

/** Fetches columns [c0, c0 + cols) of the rows that edges [from, to) read, in whichever block they are. */
void fetch(const sgq_spmm *x, int32_t from, int32_t to, int c0, int cols) {
    const sgq_block *block = x->blocks;
    for (int32_t e = from; e < to; e++) {
        int32_t row = x->col_idx[e];
        // Sources ascend as far as a row goes: most are in the block of the one before, which branches can foresee.
        while (row >= block->row_end) {
            block++;
        }
        while (row < block->row_start) {
            block--;
        }
        for (int s = 0; s < block->sections; s++) {
            uintptr_t at = section(block, s, c0) + row * block->stride;
            for (int b = 0; b < (cols * block->widths[s] + 7) / 8; b += Gather::LINE) {
                Gather::fetch(at + b);
            }
        }
    }
}

/** Edges [from, to), all of whose sources lie in `block` and whose weights are of `part`, null for weights of 1. */
struct Segment {
    const sgq_block *block;
    const sgq_weights *part;
    int32_t from;
    int32_t to;
    /** The last edge that may be looked at. */
    int32_t last;
};

/** sums += the codes of edges [from, to) of a segment in columns [c0, c0 + cols), times their weights' codes. */
SGQ_INLINE void add_codes(const sgq_spmm *x, Segment segment, Weights weights, int32_t from, int32_t to, int c0, int cols,
                          uint32_t *sums) {
    const sgq_block *block = segment.block;
    int shift = block->bits;
    for (int s = 0; s < block->sections; s++) {
        int width = block->widths[s];
        shift -= width;
        Gather rows = {x->col_idx, segment.last, section(block, s, c0), block->stride};
        switch (width) {
            case 8: add_section<8>(rows, weights, from, to, shift, cols, sums); break;
            case 4: add_section<4>(rows, weights, from, to, shift, cols, sums); break;
            case 2: add_section<2>(rows, weights, from, to, shift, cols, sums); break;
            default: add_section<1>(rows, weights, from, to, shift, cols, sums); break;
        }
    }
}

/** acc = fma(ws * scale, (float) sums, fma(ws * offset, factors, acc)), with acc 0 for the first block. */
template <class Sum>
SGQ_INLINE void scale_sums(Segment s, int c0, int cols, const Sum *sums, float factors, bool first, float *acc) {
    const float *scale = s.block->scale;
    const float *offset = s.block->offset;
    float ws = s.part ? s.part->scale : 1.0f;
    if (s.block->per_column) {
        for (int c = 0; c < cols; c++) {
            float base = __builtin_fmaf(ws * offset[c0 + c], factors, first ? 0.0f : acc[c]);
            acc[c] = __builtin_fmaf(ws * scale[c0 + c], (float)sums[c], base);
        }
    } else {
        for (int c = 0; c < cols; c++) {
            float base = __builtin_fmaf(ws * offset[0], factors, first ? 0.0f : acc[c]);
            acc[c] = __builtin_fmaf(ws * scale[0], (float)sums[c], base);
        }
    }
}

/** The largest product of a code and a weight's code in a segment. */
SGQ_INLINE int64_t largest_term(Segment s) {
    int64_t code = (1 << s.block->bits) - 1;
    return s.part ? code * ((1 << s.part->bits) - 1) : code;
}

/** sums += what add_codes adds for edges from `from` on, up to `to` and as far as weights are at hand; returns the next. */
SGQ_INLINE int32_t add_stretch(const sgq_spmm *x, Segment s, WeightCodes &codes, int32_t from, int32_t to, int c0, int cols,
                               uint32_t *sums, int64_t &factors) {
    Weights weights = {};
    if (s.part) {
        weights = codes.at(s.part, from, to);
        uint32_t sum = 0;
        for (int32_t e = from; e < to; e++) {
            sum += weights.codes[e];
        }
        factors += sum;
    } else {
        factors += to - from;
    }
    add_codes(x, s, weights, from, to, c0, cols, sums);
    return to;
}

/** totals += the sums of a segment, which may leave 32 bits, in pieces that do not; returns the sum of factors. */
__attribute__((noinline)) int64_t sum_long(const sgq_spmm *x, Segment s, WeightCodes &codes, int c0, int cols,
                                           int64_t *totals) {
    int64_t piece = UINT32_MAX / largest_term(s);
    int64_t factors = 0;
    for (int64_t e = s.from; e < s.to;) {
        int32_t stop = s.to - e < piece ? s.to : (int32_t)(e + piece);
        alignas(64) uint32_t sums[TILE + SLACK] = {};
        e = add_stretch(x, s, codes, (int32_t)e, stop, c0, cols, sums, factors);
        for (int c = 0; c < cols; c++) {
            totals[c] += sums[c];
        }
    }
    return factors;
}

/** acc = the aggregate of a segment, added to acc for all but the first. */
SGQ_INLINE void sum_segment(const sgq_spmm *x, Segment s, WeightCodes &codes, int c0, int cols, bool first, float *acc) {
    if (s.to - s.from > INT32_MAX / largest_term(s)) {
        int64_t totals[TILE] = {};
        int64_t factors = sum_long(x, s, codes, c0, cols, totals);
        scale_sums(s, c0, cols, totals, (float)factors, first, acc);
        return;
    }
    alignas(64) uint32_t sums[TILE + SLACK];
    memset(sums, 0, cols * sizeof *sums);
    int64_t factors = 0;
    for (int32_t e = s.from; e < s.to;) {
        e = add_stretch(x, s, codes, e, s.to, c0, cols, sums, factors);
    }
    // Signed conversion is one instruction; the sums fit.
    scale_sums(s, c0, cols, (const int32_t *)sums, (float)factors, first, acc);
}

/** The aggregate of one row in columns [c0, c0 + cols); `fetched`: the edges below it have been looked at. */
SGQ_INLINE void sum_row(const sgq_spmm *x, const sgq_weights *part, WeightCodes &codes, int32_t i, int c0, int cols,
                        int32_t *fetched, float *acc) {
    int32_t e = x->row_ptr[i];
    int32_t end = x->row_ptr[i + 1];
    int32_t edges = x->row_ptr[x->rows];
    if (e == end) {
        memset(acc, 0, cols * sizeof *acc);
        return;
    }
    if (x->block_count == 1) {
        sum_segment(x, {x->blocks, part, e, end, edges - 1}, codes, c0, cols, true, acc);
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
        fetch(x, *fetched > stop ? *fetched : stop, until, c0, cols);
        *fetched = until;
        sum_segment(x, {block, part, e, stop, stop - 1}, codes, c0, cols, first, acc);
        first = false;
        e = stop;
    }
}

}  // namespace
}  // namespace sgq

SGQ_EXPORT(void, sgq_spmm)(const sgq_spmm *x, int32_t from, int32_t to, float *out, int64_t out_stride) {
    sgq::WeightCodes codes;
    for (int c0 = 0; c0 < x->cols; c0 += sgq::TILE) {
        int cols = x->cols - c0 < sgq::TILE ? x->cols - c0 : sgq::TILE;
        int32_t fetched = 0;
        const sgq_weights *part = x->weights;
        for (int32_t i = from; i < to; i++) {
            while (part && i >= part->row_end) {
                part++;
            }
            sgq::sum_row(x, part, codes, i, c0, cols, &fetched, out + (i - from) * out_stride + c0);
        }
    }
}

/** sums += the sums of edges [from, to) of a row, whose sources lie in one block; returns the sum of what multiplies codes. */
SGQ_EXPORT(int64_t, sgq_sums)
(const sgq_spmm *x, int32_t row, int32_t block, int32_t from, int32_t to, int64_t *sums) {
    sgq::WeightCodes codes;
    const sgq_weights *part = x->weights;
    while (part && row >= part->row_end) {
        part++;
    }
    int64_t factors = 0;
    for (int c0 = 0; c0 < x->cols; c0 += sgq::TILE) {
        int cols = x->cols - c0 < sgq::TILE ? x->cols - c0 : sgq::TILE;
        factors = sgq::sum_long(x, {x->blocks + block, part, from, to, to - 1}, codes, c0, cols, sums + c0);
    }
    return factors;
}
