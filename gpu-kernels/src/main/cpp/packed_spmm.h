// What Java passes to sums of packed codes over neighbours: org.sgquant.kernels.cpu.NativeSpmm lays out the same.
#pragma once

#include <stdint.h>

/** Rows [row_start, row_end) of the packed matrix: codes of one width with their scales. */
struct sgq_block {
    const uint8_t *data;
    int64_t stride;
    const float *scale;
    const float *offset;
    int32_t row_start;
    int32_t row_end;
    int32_t bits;
    /** 1 where scale and offset have an entry for every column, 0 where they have one. */
    int32_t per_column;
    /** Sections of a row, the most significant bits first, and the byte of a row where each begins. */
    int32_t sections;
    int32_t widths[3];
    int32_t section_offset[3];
    int32_t unused;
};
static_assert(sizeof(sgq_block) == 80, "org.sgquant.kernels.cpu.NativeSpmm");

/** Codes of the weights of edges [edge_start, edge_end), which are those of rows up to row_end; 8 bits at most. */
struct sgq_weights {
    /** That of edge_start first, in sections as those of a row of a packed matrix. */
    const uint8_t *codes;
    /** A weight is scale times its code. */
    float scale;
    int32_t row_end;
    int32_t edge_start;
    int32_t edge_end;
    int32_t bits;
    int32_t sections;
    int32_t widths[3];
    int32_t section_offset[3];
};
static_assert(sizeof(sgq_weights) == 56, "org.sgquant.kernels.cpu.NativeSpmm");

/** A graph in CSR, columns ascending in every row, and the packed matrix of its nodes. */
struct sgq_spmm {
    const int32_t *row_ptr;
    const int32_t *col_idx;
    const struct sgq_block *blocks;
    /** In the order of rows; null where all weights are 1. */
    const struct sgq_weights *weights;
    int32_t block_count;
    /** Rows of the graph and columns of the matrix. */
    int32_t rows;
    int32_t cols;
    int32_t unused;
};
static_assert(sizeof(sgq_spmm) == 48, "org.sgquant.kernels.cpu.NativeSpmm");
