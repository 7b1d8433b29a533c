// What Java passes to products of packed matrices: org.sgquant.kernels.cpu.NativeGemm lays out the same.
#pragma once

#include <stdint.h>

/** Rows of one width of the left matrix, the right one made ready, and the product. */
struct sgq_gemm {
    /** The first row of the block, and bytes from row to row. */
    const uint8_t *codes;
    int64_t stride;
    /** Scale and offset of row i at i * scale_step, times its row code where there are such. */
    const float *scale;
    const float *offset;
    const uint8_t *row_codes;
    /** Centred codes of `step` rows of one column in 32 bits, the columns padded to cache lines. */
    const int32_t *words;
    /** Of each column, padded alike: scale, value of a centred code of 0, sum of the values. */
    const float *column_scale;
    const float *column_base;
    const float *column_sum;
    int32_t scale_step;
    /** Columns of the left and of the right matrix. */
    int32_t depth;
    int32_t cols;
    /** Sections of a left row, the most significant bits first, and the byte of a row where each begins. */
    int32_t sections;
    int32_t widths[3];
    int32_t section_offset[3];
};
static_assert(sizeof(sgq_gemm) == 112, "org.sgquant.kernels.cpu.NativeGemm");
