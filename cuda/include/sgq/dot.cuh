/*
 * Dot product of two rows of a packed matrix by one thread: org.sgquant.kernels.PackedAttentionOps, where the
 * two forms are given, exact sums of codes and a chain of floats.
 */
#ifndef SGQ_DOT_CUH
#define SGQ_DOT_CUH

#include "sgq/codes.cuh"

/* A row, quad after quad of its columns. */
struct SgqRowQuads {
  const SgqPacked &x;
  const SgqBlock &block;
  const int row_in_block;
  const uint8_t *const row;
  SgqQuadCodes<true> codes;

  __device__ __forceinline__ SgqRowQuads(const SgqPacked &x, int r)
      : x(x),
        block(x.block[sgq_block_of(x, r)]),
        row_in_block(r - block.row_start),
        row(block.data + (long long)row_in_block * block.stride),
        codes(block.bits < 32 ? block.bits : 8, x.cols, 0) {}

  __device__ __forceinline__ bool packed() const {
    return block.bits < 32;
  }

  __device__ __forceinline__ bool integers() const {
    return packed() && block.format == 0;
  }

  /* The next quad's codes, 0 past the last column. */
  __device__ __forceinline__ uint4 next_codes(int c) {
    uint4 u = codes(row);
    codes.advance();
    if (c + 1 >= x.cols) u.y = 0;
    if (c + 2 >= x.cols) u.z = 0;
    if (c + 3 >= x.cols) u.w = 0;
    return u;
  }

  /* The next quad's values; anything past the last column. */
  __device__ __forceinline__ float4 next_values(int c) {
    if (!packed()) return sgq_float_quad(row, block.stride, c);
    float4 u = sgq_numbers(block, codes(row));
    codes.advance();
    return sgq_dequantized(u, sgq_params(x, block, row_in_block, c));
  }
};

/* One chain acc = fma(a_k, b_k, acc) from 0. */
__device__ __forceinline__ float sgq_dot_floats(SgqRowQuads a, SgqRowQuads b, int cols) {
  float acc = 0;
#pragma unroll 1
  for (int c = 0; c < cols; c += 4) {
    float4 left = a.next_values(c), right = b.next_values(c);
    acc = fmaf(left.x, right.x, acc);
    if (c + 1 < cols) acc = fmaf(left.y, right.y, acc);
    if (c + 2 < cols) acc = fmaf(left.z, right.z, acc);
    if (c + 3 < cols) acc = fmaf(left.w, right.w, acc);
  }
  return acc;
}

/* The same from exact sums of codes, each row having one scale and offset. */
__device__ __forceinline__ float sgq_dot_codes(SgqRowQuads a, SgqRowQuads b, int cols) {
  unsigned long long products = 0, left_sum = 0, right_sum = 0;
#pragma unroll 1
  for (int c = 0; c < cols; c += 4) {
    uint4 left = a.next_codes(c), right = b.next_codes(c);
    products += (unsigned long long)left.x * right.x + (unsigned long long)left.y * right.y +
                (unsigned long long)left.z * right.z + (unsigned long long)left.w * right.w;
    left_sum += left.x + left.y + left.z + left.w;
    right_sum += right.x + right.y + right.z + right.w;
  }
  float si = *a.block.scale, sj = *b.block.scale, oi = *a.block.offset, oj = *b.block.offset;
  float constant = (float)cols * (oi * oj);
  return fmaf(si * sj, (float)products, fmaf(si * oj, (float)left_sum, fmaf(sj * oi, (float)right_sum, constant)));
}

__device__ __forceinline__ float sgq_dot(const SgqPacked &x, int i, int j) {
  SgqRowQuads a(x, i), b(x, j);
  bool common_scale = x.granularity == SGQ_TENSOR || x.granularity == SGQ_BUCKET;
  return common_scale && a.integers() && b.integers() ? sgq_dot_codes(a, b, x.cols) : sgq_dot_floats(a, b, x.cols);
}

#endif
