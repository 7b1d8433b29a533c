// What sums over neighbours are measured against; nothing is computed with it outside of benchmarks.
//
// The gather reads what a sum must read and does nothing with it. The other is the form in which lookups of quantized
// embeddings are known best (FBGEMM; Khudia et al. 2021, arXiv:2101.05615): every row has a scale and an offset of its
// own, every edge converts its codes to floats and adds them to sums in registers. Both fetch ahead as our sums do.
#include "yardsticks.h"

#include <immintrin.h>

#include "exports.h"
#include "section_sums.h"

namespace sgq {
namespace {

typedef uint64_t Words __attribute__((vector_size(SGQ_REGISTER)));

/** bits ^= the line at `from`. */
SGQ_INLINE void read_line(uintptr_t from, Words &bits) {
    for (int at = 0; at < Gather::LINE; at += SGQ_REGISTER) {
        bits ^= load<Words>((const void *)(from + at));
    }
}

/** The xor of the lines that the rows of edges [from, to) touch: LINES of every row, or what it comes to for 0. */
template <int LINES>
SGQ_INLINE uint64_t read_lines(const Gather &rows, int32_t from, int32_t to) {
    constexpr uintptr_t whole = ~(uintptr_t)(Gather::LINE - 1);
    Words all[LINES > 0 ? LINES : 1] = {};
    for (int32_t e = from; e < to; e++) {
        uintptr_t later = rows.base + rows.col_idx[rows.ahead(e)] * rows.stride;
        uintptr_t row = rows.base + rows.col_idx[e] * rows.stride;
        if constexpr (LINES > 0) {
            for (int i = 0; i < LINES; i++) {
                Gather::fetch((later & whole) + i * Gather::LINE);
            }
            for (int i = 0; i < LINES; i++) {
                read_line((row & whole) + i * Gather::LINE, all[i]);
            }
        } else {
            for (uintptr_t at = later & whole; at < later + rows.stride; at += Gather::LINE) {
                Gather::fetch(at);
            }
            for (uintptr_t at = row & whole; at < row + rows.stride; at += Gather::LINE) {
                read_line(at, all[0]);
            }
        }
    }
    Words sum = {};
    for (Words words : all) {
        sum ^= words;
    }
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof sum / sizeof bits; i++) {
        bits ^= sum[i];
    }
    return bits;
}

/** Floats of a register. */
constexpr int LANES = SGQ_REGISTER / 4;

/** Registers of sums: what is left of 16 or 32 holds codes, scale and offset. */
constexpr int MOST_SUMS = SGQ_REGISTER / 4;

typedef float Floats __attribute__((vector_size(SGQ_REGISTER)));
typedef int32_t Ints __attribute__((vector_size(SGQ_REGISTER)));

/** LANES bytes as integers; GCC 12 converts vectors of such different sizes one element at a time. */
SGQ_INLINE Ints widened(const uint8_t *bytes) {
#ifdef __AVX512F__
    return (Ints)_mm512_maskz_cvtepu8_epi32(UINT16_MAX, _mm_loadu_si128((const __m128i *)bytes));
#else
    return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)bytes));
#endif
}

/** Writes columns [c, x.cols), as many groups of LANES bytes at a time as there are registers, then fewer. */
template <int BITS, int GROUPS>
SGQ_INLINE void dequantize_row(const sgq_fused *x, int32_t from, int32_t to, int32_t c, float *out) {
    constexpr int FIELDS = 8 / BITS;
    constexpr int COLUMNS = GROUPS * FIELDS * LANES;
    Gather rows = {x->col_idx, x->row_ptr[x->rows] - 1, (uintptr_t)x->data, x->stride};
    while (x->cols - c > COLUMNS - FIELDS * LANES) {
        int first = c * BITS / 8;
        Floats sums[GROUPS * FIELDS] = {};
        for (int32_t e = from; e < to; e++) {
            uintptr_t later = rows.base + rows.col_idx[rows.ahead(e)] * rows.stride;
            for (int b = 0; b < GROUPS * LANES; b += Gather::LINE) {
                Gather::fetch(later + first + b);
            }
            Gather::fetch(later + x->code_bytes);
            const uint8_t *row = x->data + rows.col_idx[e] * x->stride;
            Floats scale = load<float>(row + x->code_bytes) - Floats{};
            Floats offset = load<float>(row + x->code_bytes + sizeof(float)) - Floats{};
            for (int g = 0; g < GROUPS; g++) {
                Ints codes = widened(row + first + g * LANES);
                for (int f = 0; f < FIELDS; f++) {
                    Ints field = f == FIELDS - 1 ? codes >> f * BITS : codes >> f * BITS & ((1 << BITS) - 1);
                    Floats &sum = sums[g * FIELDS + f];
                    sum = __builtin_convertvector(field, Floats) * scale + (sum + offset);
                }
            }
        }
        int cols = x->cols - c < COLUMNS ? x->cols - c : COLUMNS;
        memcpy(out + c, sums, cols * sizeof *out);
        c += COLUMNS;
    }
    if constexpr (GROUPS > 1) {
        if (c < x->cols) {
            dequantize_row<BITS, GROUPS / 2>(x, from, to, c, out);
        }
    }
}

template <int BITS>
SGQ_INLINE void dequantize_rows(const sgq_fused *x, int32_t from, int32_t to, float *out, int64_t out_stride) {
    for (int32_t i = from; i < to; i++) {
        dequantize_row<BITS, MOST_SUMS * BITS / 8>(x, x->row_ptr[i], x->row_ptr[i + 1], 0, out + (i - from) * out_stride);
    }
}

}  // namespace
}  // namespace sgq

SGQ_EXPORT(uint64_t, sgq_yardstick_gather)
(const uint8_t *data, int64_t row_bytes, const int32_t *col_idx, int32_t edges, int32_t from, int32_t to) {
    sgq::Gather rows = {col_idx, edges - 1, (uintptr_t)data, row_bytes};
    if (row_bytes <= sgq::Gather::LINE && sgq::Gather::LINE % row_bytes == 0) {
        return sgq::read_lines<1>(rows, from, to);
    }
    switch (row_bytes) {
        case 2 * sgq::Gather::LINE: return sgq::read_lines<2>(rows, from, to);
        case 4 * sgq::Gather::LINE: return sgq::read_lines<4>(rows, from, to);
        case 8 * sgq::Gather::LINE: return sgq::read_lines<8>(rows, from, to);
        default: return sgq::read_lines<0>(rows, from, to);
    }
}

SGQ_EXPORT(void, sgq_yardstick_dequantize)
(const sgq_fused *x, int32_t from, int32_t to, float *out, int64_t out_stride) {
    switch (x->bits) {
        case 8: sgq::dequantize_rows<8>(x, from, to, out, out_stride); break;
        case 4: sgq::dequantize_rows<4>(x, from, to, out, out_stride); break;
        case 2: sgq::dequantize_rows<2>(x, from, to, out, out_stride); break;
        default: sgq::dequantize_rows<1>(x, from, to, out, out_stride); break;
    }
}
