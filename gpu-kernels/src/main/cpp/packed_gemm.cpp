// c = unpack(a) unpack(w) from exact sums of products of codes, for the instruction set that this is compiled for.
//
// Codes of a are unsigned, those of w centred and signed: what VNNI multiplies, four to a lane of 32 bits. Without it both
// are widened to 16 bits, of which two make a lane: products of bytes added in 16 bits would saturate. The float
// operations are those of org.sgquant.kernels.PackedOps.gemm, so the bits are the same.
#include "packed_gemm.h"

#include <immintrin.h>

#include "exports.h"
#include "lanes.h"

namespace sgq {
namespace {

typedef int32_t Ints __attribute__((vector_size(SGQ_REGISTER)));
typedef float Floats __attribute__((vector_size(SGQ_REGISTER)));

SGQ_INLINE Floats to_floats(Ints x) { return __builtin_convertvector(x, Floats); }

/** Code: one of a as it is multiplied; add_products: sum + the products of the codes in each lane. */
#if SGQ_REGISTER == 64
SGQ_INLINE Floats fma(Floats a, Floats b, Floats c) { return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
/** Vectors of columns whose sums stay in registers, for each of ROWS rows. */
constexpr int MOST_VECTORS = 4;
#ifdef __AVX512VNNI__
using Code = uint8_t;
SGQ_INLINE Ints add_products(Ints sum, Ints a, Ints w) {
    return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)w);
}
#else
using Code = int16_t;
SGQ_INLINE Ints add_products(Ints sum, Ints a, Ints w) {
    return sum + (Ints)_mm512_madd_epi16((__m512i)a, (__m512i)w);
}
#endif
#else
SGQ_INLINE Floats fma(Floats a, Floats b, Floats c) { return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
constexpr int MOST_VECTORS = 2;
using Code = int16_t;
SGQ_INLINE Ints add_products(Ints sum, Ints a, Ints w) {
    return sum + (Ints)_mm256_madd_epi16((__m256i)a, (__m256i)w);
}
#endif

constexpr int ROWS = 4;
constexpr int STEP = sizeof(int32_t) / sizeof(Code);
constexpr int LANES = sizeof(Ints) / sizeof(int32_t);

/** A row of a made ready: where its codes stand, their sum, scale and offset, and its place in the product. */
struct Left {
    Code *codes;
    float sum;
    float scale;
    float offset;
    float *out;
};

/** Writes the codes of a row as bytes; some past the last are overwritten. */
void unpack(const sgq_gemm *g, const uint8_t *row, uint8_t *codes) {
    int shift = 0;
    for (int s = g->sections - 1; s >= 0; s--) {
        int width = g->widths[s];
        const uint8_t *from = row + g->section_offset[s];
        if (width == 8) {
            memcpy(codes, from, g->depth);
            return;
        }
        uint64_t mask = UINT64_C(0x0101010101010101) * ((1u << width) - 1) << shift;
        bool first = shift == 0;
        for (int k = 0; k < g->depth; k += 8, from += width) {
            uint64_t eight = _pdep_u64(load<uint64_t>(from), mask) | (first ? 0 : load<uint64_t>(codes + k));
            memcpy(codes + k, &eight, sizeof eight);
        }
        shift += width;
    }
}

/** Makes a row ready in `memory`, of which the codes take the first `steps` words, and gives the sum of its codes. */
int32_t prepare(const sgq_gemm *g, const uint8_t *row, int steps, uint8_t *memory) {
    // Bytes that are widened below stand behind the words that they become.
    uint8_t *bytes = sizeof(Code) == 1 ? memory : memory + steps * sizeof(int32_t);
    unpack(g, row, bytes);
    int32_t sum = 0;
    for (int k = 0; k < g->depth; k++) {
        sum += bytes[k];
    }
    memset(bytes + g->depth, 0, STEP);
    if (sizeof(Code) > 1) {
        Code *codes = (Code *)memory;
        for (int k = 0; k < steps * STEP; k++) {
            codes[k] = bytes[k];
        }
    }
    return sum;
}

/** Writes one row of the product in VECTORS vectors of columns from `column` on. */
template <int VECTORS>
SGQ_INLINE void finish(const sgq_gemm *g, const Left &left, int column, const Ints *sums) {
    for (int v = 0; v < VECTORS; v++) {
        int at = column + v * LANES;
        Floats scale = load<Floats>(g->column_scale + at);
        Floats base = load<Floats>(g->column_base + at);
        Floats whole = load<Floats>(g->column_sum + at);
        Floats product = fma(scale, to_floats(sums[v]), left.sum * base);
        Floats c = fma(left.scale - Floats{}, product, left.offset * whole);
        memcpy(left.out + at, &c, sizeof c);
    }
}

/** ROWS rows made ready, all of whose codes are multiplied. */
struct Tile {
    const Left *rows;
    int steps;

    template <int VECTORS>
    SGQ_INLINE void multiply(const sgq_gemm *g, int64_t pitch, int column) const {
        Ints sums[ROWS][VECTORS] = {};
        const int32_t *words = g->words + column;
        for (int k = 0; k < steps; k++, words += pitch) {
            Ints w[VECTORS];
            for (int v = 0; v < VECTORS; v++) {
                w[v] = load<Ints>(words + v * LANES);
            }
            for (int r = 0; r < ROWS; r++) {
                Ints a = Ints{} + load<int32_t>(rows[r].codes + k * STEP);
                for (int v = 0; v < VECTORS; v++) {
                    sums[r][v] = add_products(sums[r][v], a, w[v]);
                }
            }
        }
        for (int r = 0; r < ROWS; r++) {
            finish<VECTORS>(g, rows[r], column, sums[r]);
        }
    }
};

/** A row made ready of which only some words of codes, at `steps`, are not 0. */
struct Sparse {
    Left row;
    const int32_t *steps;
    int count;

    template <int VECTORS>
    SGQ_INLINE void multiply(const sgq_gemm *g, int64_t pitch, int column) const {
        Ints sums[VECTORS] = {};
        for (int n = 0; n < count; n++) {
            Ints a = Ints{} + load<int32_t>(row.codes + steps[n] * STEP);
            for (int v = 0; v < VECTORS; v++) {
                sums[v] = add_products(sums[v], a, load<Ints>(g->words + steps[n] * pitch + column + v * LANES));
            }
        }
        finish<VECTORS>(g, row, column, sums);
    }
};

/** The products of `rows` in all columns. */
template <class Rows>
SGQ_INLINE void multiply(const sgq_gemm *g, const Rows &rows) {
    int64_t pitch = (g->cols + 15) / 16 * 16;
    int column = 0;
    for (; column + (MOST_VECTORS - 1) * LANES < g->cols; column += MOST_VECTORS * LANES) {
        rows.template multiply<MOST_VECTORS>(g, pitch, column);
    }
    if (MOST_VECTORS > 2 && column + LANES < g->cols) {
        rows.template multiply<2>(g, pitch, column);
        column += 2 * LANES;
    }
    for (; column < g->cols; column += LANES) {
        rows.template multiply<1>(g, pitch, column);
    }
}

/** Bits of codes that are 1, for each of which there is one code at most that is not 0, below which zeros are skipped. */
SGQ_INLINE int few_bits(const sgq_gemm *g) { return g->depth / 16; }

/** Calls `use(bit, word)` with each 64 bits of section s of a row that are not all 0; `bit` is the first one's place. */
template <class Use>
SGQ_INLINE void words_of(const sgq_gemm *g, int s, const uint8_t *row, Use use) {
    const uint8_t *from = row + g->section_offset[s];
    int bits = g->depth * g->widths[s];
    for (int bit = 0; bit < bits; bit += 64) {
        uint64_t word = load<uint64_t>(from + bit / 8);
        if (bits - bit < 64) {
            word &= (UINT64_C(1) << (bits - bit)) - 1;
        }
        if (word) {
            use(bit, word);
        }
    }
}

/** Whether so few codes of a row are not 0 that it is worth while to skip the others. */
bool is_sparse(const sgq_gemm *g, const uint8_t *row) {
    int ones = 0;
    for (int s = 0; s < g->sections; s++) {
        words_of(g, s, row, [&](int, uint64_t word) { ones += __builtin_popcountll(word); });
    }
    return ones < few_bits(g);
}

/** Multiplies a row by its codes that are not 0; `row.codes` are 0 before and after, and `steps` is room for few_bits. */
void multiply_sparse(const sgq_gemm *g, const uint8_t *packed, Left row, int32_t *steps) {
    int count = 0;
    int32_t sum = 0;
    int shift = 0;
    for (int s = g->sections - 1; s >= 0; s--) {
        int width = g->widths[s];
        uint64_t largest = (1u << width) - 1;
        words_of(g, s, packed, [&](int bit, uint64_t word) {
            while (word) {
                int at = __builtin_ctzll(word) & -width;
                int code = (int)(word >> at & largest) << shift;
                word &= ~(largest << at);
                int k = (bit + at) / width;
                sum += code;
                steps[count] = k / STEP;
                count += load<int32_t>(row.codes + k / STEP * STEP) == 0;
                row.codes[k] |= code;
            }
        });
        shift += width;
    }
    row.sum = (float)sum;
    multiply(g, Sparse{row, steps, count});
    for (int n = 0; n < count; n++) {
        memset(row.codes + steps[n] * STEP, 0, sizeof(int32_t));
    }
}

}  // namespace
}  // namespace sgq

/**
 * Rows [from, to) of the block, by way of `memory`: ROWS + 1 times `bytes`, which hold a row at 4 bytes per code and 16
 * more.
 */
SGQ_EXPORT(void, sgq_gemm)(const sgq_gemm *g, int32_t from, int32_t to, uint8_t *memory, int64_t bytes) {
    using namespace sgq;
    int steps = (g->depth + STEP - 1) / STEP;
    uint8_t *zeros = memory + ROWS * bytes;
    memset(zeros, 0, bytes);
    Left tile[ROWS];
    int filled = 0;
    for (int32_t i = from; i < to; i++) {
        const uint8_t *packed = g->codes + i * g->stride;
        float code = g->row_codes ? (float)g->row_codes[i] : 1.0f;
        Left row = {(Code *)zeros, 0, g->scale[i * g->scale_step] * code, g->offset[i * g->scale_step] * code,
                    g->out + i * g->out_stride};
        if (is_sparse(g, packed)) {
            multiply_sparse(g, packed, row, (int32_t *)(zeros + steps * sizeof(int32_t)));
            continue;
        }
        uint8_t *own = memory + filled * bytes;
        row.codes = (Code *)own;
        row.sum = (float)prepare(g, packed, steps, own);
        tile[filled++] = row;
        if (filled == ROWS) {
            multiply(g, Tile{tile, steps});
            filled = 0;
        }
    }
    if (filled > 0) {
        // The last tile may repeat its last row.
        for (int r = filled; r < ROWS; r++) {
            tile[r] = tile[filled - 1];
        }
        multiply(g, Tile{tile, steps});
    }
}
