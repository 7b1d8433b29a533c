/*
 * Attention in packed inference: org.sgquant.kernels.PackedAttentionOps. One launch takes each row from its
 * scores to its sum of messages: 8, 16 or 32 lanes a row, which share out the edges first and the columns then.
 *
 * `order` holds the rows, those of most edges first. `integer` says whether x can be summed as integers,
 * `divide_last` that codes stand for exp(s - max) and are divided by their sum.
 */
#include "sgq/attend.cuh"
#include "sgq/dot.cuh"

namespace sgq_attend {

constexpr int BLOCK = 128;

/* Blocks that a multiprocessor holds with 128 registers a thread: left to choose, ptxas spills for more of them. */
constexpr int BLOCKS = 4;
constexpr int LEAST_LANE_BITS = 3;
constexpr int LEAST_LANES = 1 << LEAST_LANE_BITS;

/* PackedAttentionOps.MAX_HEADS. */
constexpr int MAX_HEADS = 64;

/* s_eh = leaky(target_ih + source_jh). */
struct AdditiveScores {
  const int *col_idx;
  const float *target;
  const float *source;
  float slope;
  int heads;

  __device__ __forceinline__ float operator()(int i, int e, int h) const {
    long long stride = sgq_stride(heads);
    float t = target[i * stride + h] + source[col_idx[e] * stride + h];
    return t > 0 ? t : slope * t;
  }
};

/* s_e = beta * cos(x_i, x_j), beta null for 1. */
struct CosineScores {
  const int *col_idx;
  const float *norms;
  const float *beta;
  const SgqPacked &x;

  __device__ __forceinline__ float operator()(int i, int e, int) const {
    int j = col_idx[e];
    float n = norms[i] * norms[j];
    float cosine = n > 0 ? sgq_dot(x, i, j) / n : 0;
    return beta == nullptr ? cosine : *beta * cosine;
  }
};

/* Scores that are there. */
struct GivenScores {
  const float *scores;
  int heads;

  __device__ __forceinline__ float operator()(int, int e, int h) const {
    return scores[(long long)e * sgq_stride(heads) + h];
  }
};

/* What the lanes of a row work on. */
struct Row {
  int row;
  int begin;
  int end;
  SgqRowLanes by;
};

/* The softmax of head h; scores that are not finite are reported. */
template <typename Scores>
__device__ __forceinline__ SgqSoftmax softmax(const Row &r, const Scores &scores, int h, int heads, bool shares,
                                              unsigned long long *error, int site) {
  SgqSoftmax softmax = {-INFINITY, 0x1p30f};
#pragma unroll 1
  for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
    float s = scores(r.row, e, h);
    sgq_require_finite(s, error, site, (long long)e * heads + h);
    softmax.max = fmaxf(softmax.max, s);
  }
  softmax.max = r.by.max(softmax.max);
  if (!shares) return softmax;
  unsigned long long total = 0;
#pragma unroll 1
  for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
    total += __float2uint_rz(softmax.numerator(scores(r.row, e, h)));
  }
  softmax.divisor = (float)r.by.sum(total);
  return softmax;
}

/* 1 / (sum of the codes of head h). */
__device__ __forceinline__ float inverse_code_sum(const Row &r, const SgqBlock &block, int h, int heads) {
  unsigned long long total = 0;
#pragma unroll 1
  for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
    total += sgq_code(block.data + (long long)(e - block.row_start) * block.stride, block.bits, heads, h);
  }
  total = r.by.sum(total);
  return total > 0 ? 1 / (float)total : 0;
}

template <typename Scores>
__device__ __forceinline__ void attend(const int *row_ptr, const int *col_idx, const Scores &scores,
                                       const SgqPacked &x, bool integer, const SgqPacked &attention,
                                       bool divide_last, const int *order, float *out, int rows, int lane_bits,
                                       unsigned long long *error, int site) {
  SGQ_SHARED(SgqSoftmax, softmaxes, BLOCK / LEAST_LANES * MAX_HEADS);
  SGQ_SHARED(float, scales, BLOCK / LEAST_LANES * MAX_HEADS);
  int heads = attention.cols;
  unsigned place = sgq_thread() >> lane_bits;
  if (place >= (unsigned)rows) return;
  SgqSoftmax *row_softmax = softmaxes + ((int)threadIdx.x >> lane_bits) * heads;
  float *row_scale = scales + ((int)threadIdx.x >> lane_bits) * heads;
  int row = order[place];
  Row r = {row, row_ptr[row], row_ptr[row + 1], SgqRowLanes(lane_bits)};
  const SgqBlock &block = attention.block[sgq_block_of(attention, r.begin)];
  bool shares = !divide_last || block.bits == 32;

#pragma unroll 1
  for (int h = 0; h < heads; h++) {
    SgqSoftmax of_head = softmax(r, scores, h, heads, shares, error, site);
    if (r.by.lane == 0) row_softmax[h] = of_head;
  }
  __syncwarp(r.by.mask);
#pragma unroll 1
  for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
    sgq_store_attention(block, heads, attention.rounding, e,
                        [&](int h) { return row_softmax[h].value(scores(row, e, h)); });
  }
  __syncwarp(r.by.mask);
#pragma unroll 1
  for (int h = 0; h < heads; h++) {
    // A scheme of no edges has no blocks, and no scale.
    float scale = r.begin == r.end ? 0 : shares ? *block.scale : inverse_code_sum(r, block, h, heads);
    if (r.by.lane == 0) row_scale[h] = scale;
  }
  __syncwarp(r.by.mask);
#pragma unroll 1
  for (int c = r.by.lane * 4; c < x.cols; c += r.by.lanes * 4) {
    SgqHeadWeights weights(block, heads, x.cols / heads, c, row_scale);
    SgqAggregator<SgqHeadWeights> aggregator(x, col_idx, weights, c);
    float4 sum = aggregator.sum(r.begin, r.end, integer && weights.packed());
    sgq_store_quad(out + (long long)row * sgq_stride(x.cols), c, sum);
  }
}

/* The weights of the edges of a row, head by head, from scores that are there. */
__device__ __forceinline__ void fake(const Row &r, const GivenScores &scores, const SgqBlock &block, int rounding,
                                     bool divide_last, float *out, unsigned long long *error, int site) {
  if (r.begin == r.end) return; /* and there may be no block then */
  bool shares = !divide_last || block.bits == 32;
  int heads = scores.heads;
#pragma unroll 1
  for (int h = 0; h < heads; h++) {
    SgqSoftmax of_head = softmax(r, scores, h, heads, shares, error, site);
    unsigned long long total = 0;
#pragma unroll 1
    for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
      float value = of_head.value(scores(r.row, e, h));
      if (block.bits < 32) {
        value = sgq_rounded(value / *block.scale, sgq_max_code(block.bits), rounding);
        total += __float2uint_rz(value);
      }
      out[(long long)e * sgq_stride(heads) + h] = value;
    }
    total = r.by.sum(total);
    if (block.bits == 32) continue;
    float scale = shares ? *block.scale : total > 0 ? 1 / (float)total : 0;
#pragma unroll 1
    for (int e = r.begin + r.by.lane; e < r.end; e += r.by.lanes) {
      out[(long long)e * sgq_stride(heads) + h] *= scale;
    }
  }
}

}  // namespace sgq_attend

/* Attention of GAT: scores leaky(target_ih + source_jh). */
extern "C" __global__ void __launch_bounds__(sgq_attend::BLOCK, sgq_attend::BLOCKS)
    attend_additive_csr(const int *row_ptr, const int *col_idx, const float *target, const float *source, float slope,
                        const SgqPacked x, int integer, const SgqPacked attention, int divide_last, const int *order,
                        float *out, int rows, int lane_bits, unsigned long long *error, int site) {
  using namespace sgq_attend;
  attend(row_ptr, col_idx, AdditiveScores{col_idx, target, source, slope, attention.cols}, x, integer != 0, attention,
         divide_last != 0, order, out, rows, lane_bits, error, site);
}

/* Attention of AGNN: scores beta * cos(x_i, x_j). */
extern "C" __global__ void __launch_bounds__(sgq_attend::BLOCK, sgq_attend::BLOCKS)
    attend_cosine_csr(const int *row_ptr, const int *col_idx, const float *norms, const float *beta, const SgqPacked x,
                      int integer, const SgqPacked attention, int divide_last, const int *order, float *out, int rows,
                      int lane_bits, unsigned long long *error, int site) {
  using namespace sgq_attend;
  attend(row_ptr, col_idx, CosineScores{col_idx, norms, beta, x}, x, integer != 0, attention, divide_last != 0, order, out,
         rows, lane_bits, error, site);
}

/* out_i = sqrt(dot(x_i, x_i)), a row per thread. */
extern "C" __global__ void __launch_bounds__(sgq_attend::BLOCK) norms_packed(const SgqPacked x, float *out, int rows) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  float square = sgq_dot(x, i, i);
  out[i] = square > 0 ? sqrtf(square) : 0;
}

/* Weights of the edges under scheme, for training: LEAST_LANES lanes a row. */
extern "C" __global__ void __launch_bounds__(sgq_attend::BLOCK)
    fake_attention_csr(const int *row_ptr, const float *scores, const SgqPacked scheme, int divide_last,
                       const int *order, float *out, int rows, unsigned long long *error, int site) {
  using namespace sgq_attend;
  unsigned place = sgq_thread() / LEAST_LANES;
  if (place >= (unsigned)rows) return;
  int row = order[place];
  Row r = {row, row_ptr[row], row_ptr[row + 1], SgqRowLanes(LEAST_LANE_BITS)};
  const SgqBlock &block = scheme.block[sgq_block_of(scheme, r.begin)];
  fake(r, GivenScores{scores, scheme.cols}, block, scheme.rounding, divide_last != 0, out, error, site);
}
