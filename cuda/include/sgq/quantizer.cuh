/*
 * Codes of float values and back, four columns (a quad) at a time:
 *
 *   t = (x - offset) / scale;   u = rint(min(max(t, 0), 2^q - 1));   x' = fma(scale, u, offset)
 *
 * in binary32 with IEEE division, the bits that org.sgquant.kernels.PackedOps promises. Codes of floats: floats.cuh.
 */
#ifndef SGQ_QUANTIZER_CUH
#define SGQ_QUANTIZER_CUH

#include "sgq/floats.cuh"
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

/* Scale and offset of a quad. */
struct SgqParams {
  float4 scale;
  float4 offset;
};

/* Scale and offset of columns c .. c + 3 of the row_in_block-th row of a block; adding -0 leaves a float as it is. */
__device__ __forceinline__ SgqParams sgq_params(const SgqPacked &packed, const SgqBlock &block,
                                                int row_in_block, int c) {
  if (block.format != 0) {
    return {sgq_quad(sgq_float_scale(block, packed.cols, row_in_block, c)), sgq_quad(-0.0f)};
  }
  if (packed.granularity == SGQ_COLUMN) {
    return {sgq_load_quad(block.scale, c), sgq_load_quad(block.offset, c)};
  }
  int i = sgq_scale_index(packed.granularity, row_in_block, c);
  float code = packed.granularity == SGQ_ROW_CODE ? (float)sgq_row_code(block, row_in_block) : 1.0f;
  return {sgq_quad(block.scale[i] * code), sgq_quad(block.offset[i] * code)};
}

/* Scale and offset that sums of codes of columns c .. c + 3 of a block are multiplied by. */
__device__ __forceinline__ SgqParams sgq_sum_params(const SgqPacked &packed, const SgqBlock &block, int c) {
  if (packed.granularity == SGQ_COLUMN) {
    return {sgq_load_quad(block.scale, c), sgq_load_quad(block.offset, c)};
  }
  return {sgq_quad(block.scale[0]), sgq_quad(block.offset[0])};
}

/* Block that holds row r. */
__device__ __forceinline__ int sgq_block_of(const SgqPacked &packed, int r) {
  int b = 0;
  while (b < packed.blocks - 1 && r >= packed.block[b].row_end) b++;
  return b;
}

/* (x - offset) / scale. */
__device__ __forceinline__ float4 sgq_normalised(float4 x, const SgqParams &p) {
  return make_float4((x.x - p.offset.x) / p.scale.x, (x.y - p.offset.y) / p.scale.y,
                     (x.z - p.offset.z) / p.scale.z, (x.w - p.offset.w) / p.scale.w);
}

/* min(max(t, 0), max_code) with +0 for -0; NaN stays NaN, which fminf and fmaxf would replace. */
__device__ __forceinline__ float sgq_clamped(float t, float max_code) {
  t = t <= 0 ? 0.0f : t;
  return t >= max_code ? max_code : t;
}

/* The code of t as a float; NaN stays NaN. */
__device__ __forceinline__ float sgq_rounded(float t, float max_code, int rounding) {
  float clamped = sgq_clamped(t, max_code);
  return rounding == SGQ_PAPER ? floorf(clamped) : rintf(clamped);
}

__device__ __forceinline__ float4 sgq_rounded(float4 t, float max_code, int rounding) {
  return make_float4(sgq_rounded(t.x, max_code, rounding), sgq_rounded(t.y, max_code, rounding),
                     sgq_rounded(t.z, max_code, rounding), sgq_rounded(t.w, max_code, rounding));
}

__device__ __forceinline__ float4 sgq_to_floats(uint4 u) {
  return make_float4((float)u.x, (float)u.y, (float)u.z, (float)u.w);
}

/* Codes of a block as the numbers that a scale and an offset make values of. */
__device__ __forceinline__ float4 sgq_numbers(const SgqBlock &block, uint4 u) {
  return block.format != 0 ? SgqFloatValues(block.format)(u) : sgq_to_floats(u);
}

/* fma(scale, u, offset). */
__device__ __forceinline__ float4 sgq_dequantized(float4 u, const SgqParams &p) {
  return make_float4(fmaf(p.scale.x, u.x, p.offset.x), fmaf(p.scale.y, u.y, p.offset.y),
                     fmaf(p.scale.z, u.z, p.offset.z), fmaf(p.scale.w, u.w, p.offset.w));
}

/* 2^q - 1 for a packed width. */
__device__ __forceinline__ float sgq_max_code(int bits) {
  return (float)((1u << bits) - 1);
}

#endif
