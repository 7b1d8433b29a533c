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

/** Rows of a made ready: where the codes of each stand, their sum, and scale and offset. */
struct Tile {
    const Code *codes[ROWS];
    float sum[ROWS];
    float scale[ROWS];
    float offset[ROWS];
    float *out[ROWS];
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

/** Makes row i ready in `memory`, of which the codes take the first `steps` words, and gives the sum of its codes. */
int32_t prepare(const sgq_gemm *g, int32_t i, int steps, uint8_t *memory) {
    // Bytes that are widened below stand behind the words that they become.
    uint8_t *bytes = sizeof(Code) == 1 ? memory : memory + steps * sizeof(int32_t);
    unpack(g, g->codes + i * g->stride, bytes);
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

/** The products of a tile in VECTORS vectors of columns from `column` on. */
template <int VECTORS>
SGQ_INLINE void multiply(const sgq_gemm *g, const Tile &tile, int steps, int64_t pitch, int column) {
    Ints sums[ROWS][VECTORS] = {};
    const int32_t *words = g->words + column;
    for (int k = 0; k < steps; k++, words += pitch) {
        Ints w[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            w[v] = load<Ints>(words + v * LANES);
        }
        for (int r = 0; r < ROWS; r++) {
            Ints a = Ints{} + load<int32_t>(tile.codes[r] + k * STEP);
            for (int v = 0; v < VECTORS; v++) {
                sums[r][v] = add_products(sums[r][v], a, w[v]);
            }
        }
    }
    for (int v = 0; v < VECTORS; v++) {
        int at = column + v * LANES;
        Floats scale = load<Floats>(g->column_scale + at);
        Floats base = load<Floats>(g->column_base + at);
        Floats whole = load<Floats>(g->column_sum + at);
        for (int r = 0; r < ROWS; r++) {
            Floats product = fma(scale, to_floats(sums[r][v]), tile.sum[r] * base);
            Floats c = fma(tile.scale[r] - Floats{}, product, tile.offset[r] * whole);
            memcpy(tile.out[r] + at, &c, sizeof c);
        }
    }
}

void multiply(const sgq_gemm *g, const Tile &tile, int steps) {
    int64_t pitch = (g->cols + 15) / 16 * 16;
    int column = 0;
    for (; column + (MOST_VECTORS - 1) * LANES < g->cols; column += MOST_VECTORS * LANES) {
        multiply<MOST_VECTORS>(g, tile, steps, pitch, column);
    }
    if (MOST_VECTORS > 2 && column + LANES < g->cols) {
        multiply<2>(g, tile, steps, pitch, column);
        column += 2 * LANES;
    }
    for (; column < g->cols; column += LANES) {
        multiply<1>(g, tile, steps, pitch, column);
    }
}

}  // namespace
}  // namespace sgq

/** Rows [from, to) of the block, by way of `memory`: ROWS times `bytes`, which hold a row at 4 bytes per code and 16 more. */
SGQ_EXPORT(void, sgq_gemm)(const sgq_gemm *g, int32_t from, int32_t to, uint8_t *memory, int64_t bytes) {
    using namespace sgq;
    int steps = (g->depth + STEP - 1) / STEP;
    Tile tile;
    for (int32_t i = from; i < to; i += ROWS) {
        for (int r = 0; r < ROWS; r++) {
            // The last tile may repeat the last row.
            int32_t row = i + r < to ? i + r : to - 1;
            float code = g->row_codes ? (float)g->row_codes[row] : 1.0f;
            tile.codes[r] = (const Code *)(memory + r * bytes);
            tile.sum[r] = (float)prepare(g, row, steps, memory + r * bytes);
            tile.scale[r] = g->scale[row * g->scale_step] * code;
            tile.offset[r] = g->offset[row * g->scale_step] * code;
            tile.out[r] = g->out + row * g->out_stride;
        }
        multiply(g, tile, steps);
    }
}
