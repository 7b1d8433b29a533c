/*
 * Element-wise and row-wise operations: org.sgquant.kernels.ElementwiseOps and SparseOps.gather. All are
 * bound by memory: a quad of 16 bytes per thread. Outputs may be inputs, so nothing is read through the
 * read-only cache. Where rows do not matter, the padding is computed along and `quads` is the size of the
 * whole allocation.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"
#include "sgq/random.cuh"

/* out = x. */
extern "C" __global__ void __launch_bounds__(256) copy_f32(const float *x, float *out, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i >= 0) sgq_store_quad(out, i, sgq_load_quad(x, i));
}

/* out = a + b. */
extern "C" __global__ void __launch_bounds__(256)
    add_f32(const float *a, const float *b, float *out, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  float4 p = sgq_load_quad(a, i);
  float4 q = sgq_load_quad(b, i);
  sgq_store_quad(out, i, make_float4(p.x + q.x, p.y + q.y, p.z + q.z, p.w + q.w));
}

/* max(x, 0) with +0 for -0; NaN stays NaN. */
static __device__ __forceinline__ float sgq_relu(float x) {
  return x <= 0 ? 0.0f : x;
}

/* out = max(x, 0). */
extern "C" __global__ void __launch_bounds__(256) relu_f32(const float *x, float *out, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  float4 v = sgq_load_quad(x, i);
  sgq_store_quad(out, i, make_float4(sgq_relu(v.x), sgq_relu(v.y), sgq_relu(v.z), sgq_relu(v.w)));
}

/* grad_x = y > 0 ? grad_y : 0. */
extern "C" __global__ void __launch_bounds__(256)
    relu_backward_f32(const float *y, const float *grad_y, float *grad_x, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  float4 v = sgq_load_quad(y, i);
  float4 g = sgq_load_quad(grad_y, i);
  sgq_store_quad(grad_x, i,
                 make_float4(v.x > 0 ? g.x : 0, v.y > 0 ? g.y : 0, v.z > 0 ? g.z : 0, v.w > 0 ? g.w : 0));
}

/* grad_x = |x| <= 1 ? grad_y : 0. */
extern "C" __global__ void __launch_bounds__(256)
    clip_backward_f32(const float *x, const float *grad_y, float *grad_x, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  float4 v = sgq_load_quad(x, i);
  float4 g = sgq_load_quad(grad_y, i);
  sgq_store_quad(grad_x, i,
                 make_float4(fabsf(v.x) <= 1 ? g.x : 0, fabsf(v.y) <= 1 ? g.y : 0, fabsf(v.z) <= 1 ? g.z : 0,
                             fabsf(v.w) <= 1 ? g.w : 0));
}

/* out_ij = factor_i * x_ij. */
extern "C" __global__ void __launch_bounds__(256)
    scale_rows_f32(const float *x, const float *factor, float *out, int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long at = (long long)quad.row * sgq_stride(cols) + quad.column;
  float f = factor[quad.row];
  float4 v = sgq_load_quad(x, at);
  sgq_store_quad(out, at, make_float4(f * v.x, f * v.y, f * v.z, f * v.w));
}

/* out_ij = x_ij + bias_j. */
extern "C" __global__ void __launch_bounds__(256)
    add_bias_f32(const float *x, const float *bias, float *out, int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long at = (long long)quad.row * sgq_stride(cols) + quad.column;
  float4 v = sgq_load_quad(x, at);
  float4 b = sgq_load_quad(bias, quad.column);
  sgq_store_quad(out, at, make_float4(v.x + b.x, v.y + b.y, v.z + b.z, v.w + b.w));
}

/* out_ij = keep ? x_ij * factor : 0; kept are elements whose 24 random bits are at least `threshold`. */
extern "C" __global__ void __launch_bounds__(256)
    dropout_f32(const float *x, float *out, int rows, int cols, int threshold, float factor, int stream,
                const SgqStepState *state) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  unsigned long long key = sgq_random_key(state, stream);
  unsigned index = (unsigned)quad.row * (unsigned)cols + (unsigned)quad.column;
  unsigned least = (unsigned)threshold;
  long long at = (long long)quad.row * sgq_stride(cols) + quad.column;
  float4 v = sgq_load_quad(x, at);
  v.x = sgq_random_bits24(key, index) >= least ? v.x * factor : 0;
  v.y = sgq_random_bits24(key, index + 1) >= least ? v.y * factor : 0;
  v.z = sgq_random_bits24(key, index + 2) >= least ? v.z * factor : 0;
  v.w = sgq_random_bits24(key, index + 3) >= least ? v.w * factor : 0;
  sgq_store_quad(out, at, v);
}

/* out_i = uniform(i) < probability_i ? a_i : b_i for whole rows; rows of a null matrix are 0. */
extern "C" __global__ void __launch_bounds__(256)
    select_rows_f32(const float *probability, int stream, const SgqStepState *state, const float *a,
                    const float *b, float *out, int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  float uniform = sgq_random_uniform(sgq_random_key(state, stream), (unsigned)quad.row);
  const float *chosen = uniform < probability[quad.row] ? a : b;
  long long at = (long long)quad.row * sgq_stride(cols) + quad.column;
  sgq_store_quad(out, at, chosen == nullptr ? sgq_quad(0) : sgq_load_quad(chosen, at));
}

/*
 * sums[blockIdx.x][j] = sum of x_ij over rows blockIdx.x * chunk .., i ascending from 0; rows and sums of
 * `width` floats without a gap. With one chunk the sum of all rows; called twice, the sum of chunk sums.
 */
extern "C" __global__ void __launch_bounds__(128)
    sum_rows_f32(const float *x, int rows, long long width, int chunk, float *sums) {
  long long j = (long long)blockIdx.y * blockDim.x + threadIdx.x;
  if (j >= width) return;
  int start = (int)blockIdx.x * chunk;
  int end = min(rows, start + chunk);
  float sum = 0;
#pragma unroll 8
  for (int i = start; i < end; i++) sum += x[i * width + j];
  sums[blockIdx.x * width + j] = sum;
}

/* out_i = values_index(i). */
extern "C" __global__ void __launch_bounds__(256)
    gather_f32(const float *values, const int *index, float *out, int n) {
  unsigned i = sgq_thread();
  if (i < (unsigned)n) out[i] = values[index[i]];
}
