// What Java passes to the sums that ours are measured against: org.sgquant.kernels.cpu.Yardsticks writes the same.
#pragma once

#include <stdint.h>

/**
 * A graph in CSR and rows of codes of 8, 4, 2 or 1 bits, each followed by its scale and its offset.
 *
 * Byte b of group g of L bytes, L floats in a register, holds the codes of columns (8 / bits) g L + b + i L, i from the
 * lowest bits up: widened to integers, shifted and masked they are L columns in order.
 */
struct sgq_fused {
    const int32_t *row_ptr;
    const int32_t *col_idx;
    const uint8_t *data;
    int64_t stride;
    int32_t rows;
    int32_t cols;
    int32_t bits;
    /** Bytes of a row's codes: where its scale begins. */
    int32_t code_bytes;
};
static_assert(sizeof(sgq_fused) == 48, "org.sgquant.kernels.cpu.Yardsticks");
