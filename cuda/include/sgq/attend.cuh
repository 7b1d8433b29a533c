/*
 * Attention of the edges of a row: softmax, codes, and the weights that they are in the sum over the row.
 *
 * The lanes of a row share out its edges and, in the sum, its columns. What they add are integers, and maxima
 * have one result in any order, so the number of lanes does not matter.
 */
#ifndef SGQ_ATTEND_CUH
#define SGQ_ATTEND_CUH

#include "sgq/aggregate.cuh"
#include "sgq/exp.cuh"

/* Heads whose codes are put together: in a section of w bits they fill w bytes. */
#define SGQ_HEADS_AT_ONCE 8

/* The lanes that take one row, a power of two of one warp. */
struct SgqRowLanes {
  int lane;
  int lanes;
  unsigned mask;

  __device__ __forceinline__ explicit SgqRowLanes(int lane_bits) : lanes(1 << lane_bits) {
    lane = (int)threadIdx.x & (lanes - 1);
    mask = (lanes == 32 ? ~0u : (1u << lanes) - 1) << (threadIdx.x % 32 & ~(unsigned)(lanes - 1));
  }

  __device__ __forceinline__ float max(float x) const {
    for (int i = lanes / 2; i > 0; i /= 2) x = fmaxf(x, __shfl_xor_sync(mask, x, i));
    return x;
  }

  __device__ __forceinline__ unsigned long long sum(unsigned long long x) const {
    for (int i = lanes / 2; i > 0; i /= 2) x += __shfl_xor_sync(mask, x, i);
    return x;
  }
};

/* Softmax of one row and head: the largest score, and what t is divided by. */
struct SgqSoftmax {
  float max;
  float divisor;

  /* t = rint(exp(s - max) * 2^30), an integer. */
  __device__ __forceinline__ float numerator(float score) const {
    return rintf(sgq_exp(score - max) * 0x1p30f);
  }

  __device__ __forceinline__ float value(float score) const {
    return numerator(score) / divisor;
  }
};

/* Writes values as the row of one edge: codes under the block's scale, or floats; padding becomes zero. */
template <typename Value>
__device__ __forceinline__ void sgq_store_attention(const SgqBlock &block, int heads, int rounding, int e,
                                                    const Value &value) {
  uint8_t *row = block.data + (long long)(e - block.row_start) * block.stride;
  if (block.bits == 32) {
    float *floats = reinterpret_cast<float *>(row);
    for (int h = 0; h < block.stride / 4; h++) floats[h] = h < heads ? value(h) : 0;
    return;
  }
  for (int at = 0; at < block.stride; at++) row[at] = 0;
#pragma unroll 1
  for (int h = 0; h < heads; h += SGQ_HEADS_AT_ONCE) {
    int count = min(SGQ_HEADS_AT_ONCE, heads - h);
    unsigned long long part[3] = {0, 0, 0};
#pragma unroll 1
    for (int i = 0; i < count; i++) {
      float u = sgq_rounded(value(h + i) / *block.scale, sgq_max_code(block.bits), rounding);
      unsigned code = __float2uint_rz(u);
      int rest = block.bits;
#pragma unroll
      for (int s = 0; s < 3; s++) {
        if (s >= sgq_sections(block.bits)) continue;
        int w = sgq_section_width(block.bits, s);
        rest -= w;
        part[s] |= (unsigned long long)(code >> rest & ((1u << w) - 1)) << i * w;
      }
    }
#pragma unroll
    for (int s = 0; s < 3; s++) {
      if (s >= sgq_sections(block.bits)) continue;
      int w = sgq_section_width(block.bits, s);
      uint8_t *target = row + sgq_section_offset(block.bits, heads, s) + h / 8 * w;
      for (int byte = 0; byte * 8 < count * w; byte++) target[byte] = (uint8_t)(part[s] >> 8 * byte);
    }
  }
}

/*
 * Weights of the edges of one row for the columns of a quad, each column with the code of its head. Codes were
 * written by other lanes of this row, so they are not read through the read-only cache.
 */
struct SgqHeadWeights {
  static constexpr bool weighted = true;
  static constexpr int floats_ahead = 2;
  static constexpr int codes_ahead = 2;
  static constexpr int dequantized_ahead = 1;
  static constexpr int split_ahead = 1;
  static constexpr bool takes_row_codes = false;
  using Code = uint4;
  using Number = float4;

  /* Exact sums of the weight codes of each column. */
  struct Sum {
    unsigned long long x = 0, y = 0, z = 0, w = 0;

    __device__ __forceinline__ void add(uint4 code) {
      x += code.x;
      y += code.y;
      z += code.z;
      w += code.w;
    }

    __device__ __forceinline__ float4 floats() const {
      return make_float4((float)x, (float)y, (float)z, (float)w);
    }
  };

  const SgqBlock &block;
  int heads;
  int head[4];
  float4 code_scale;

  /* Columns c .. c + 3 of heads of head_cols columns each; scale_of[h] multiplies the codes of head h. */
  __device__ __forceinline__ SgqHeadWeights(const SgqBlock &block, int heads, int head_cols, int c,
                                            const float *scale_of)
      : block(block), heads(heads) {
#pragma unroll
    for (int i = 0; i < 4; i++) head[i] = min((c + i) / head_cols, heads - 1);
    code_scale = make_float4(scale_of[head[0]], scale_of[head[1]], scale_of[head[2]], scale_of[head[3]]);
  }

  __device__ __forceinline__ bool packed() const {
    return block.bits < 32;
  }

  __device__ __forceinline__ float4 scale() const {
    return code_scale;
  }

  __device__ __forceinline__ uint4 code(int e) const {
    const uint8_t *row = row_of(e);
    unsigned first = sgq_code(row, block.bits, heads, head[0]);
    if (head[3] == head[0]) return sgq_spread(first);
    return make_uint4(first, sgq_code(row, block.bits, heads, head[1]),
                      sgq_code(row, block.bits, heads, head[2]), sgq_code(row, block.bits, heads, head[3]));
  }

  __device__ __forceinline__ float4 number(int e) const {
    const float *floats = reinterpret_cast<const float *>(row_of(e));
    return make_float4(floats[head[0]], floats[head[1]], floats[head[2]], floats[head[3]]);
  }

 private:
  __device__ __forceinline__ const uint8_t *row_of(int e) const {
    return block.data + (long long)(e - block.row_start) * block.stride;
  }
};

#endif
