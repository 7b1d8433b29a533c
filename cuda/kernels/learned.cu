/*
 * Learned scales and offsets: org.sgquant.kernels.LearnedQuantOps. Sums are taken of row chunks per column, then of
 * the chunks in order, so that a result depends on the sizes alone.
 */
#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"
#include "sgq/reduce.cuh"

namespace sgq_learned {

constexpr int BLOCK = 256;

/* Sums per column: scale, offset, error. */
constexpr int SUMS = 3;

/* One Adam step on a parameter of gradient g: the change at learning rate `rate`, corrections included. */
__device__ __forceinline__ double adam(double g, float &m, float &v, double rate, double correction2) {
  double first = 0.9 * m + (1 - 0.9) * g;
  double second = 0.999 * v + (1 - 0.999) * g * g;
  m = (float)first;
  v = (float)second;
  return rate * first / (sqrt(second * correction2) + 1e-8);
}

/* What a thread sums of one column. */
struct Sums {
  float scale = 0;
  float offset = 0;
  float error = 0;
};

/*
 * Sums of add(at, scale, offset, sums) over rows blockIdx.y * chunk .. of block b, `at` being where column c stands: sum k
 * at parts[(blockIdx.y * 3 + k) * cols + c], by a tile of 32 columns, 8 rows at a time.
 */
template <typename Add>
__device__ __forceinline__ void sum_chunk(const SgqPacked &scheme, int b, int chunk, float *parts, const Add &add) {
  SGQ_SHARED(float, shared, SUMS * BLOCK);
  const SgqBlock &block = scheme.block[b];
  int across = (int)threadIdx.x % SGQ_TILE_COLUMNS;
  int c = (int)blockIdx.x * SGQ_TILE_COLUMNS + across;
  int start = block.row_start + (int)blockIdx.y * chunk;
  int end = start + min(chunk, block.row_end - start);
  Sums sums;
  if (c < scheme.cols) {
    int i = scheme.granularity == SGQ_COLUMN ? c : 0;
    float scale = block.scale[i], offset = block.offset[i];
    for (int r = start + (int)threadIdx.x / SGQ_TILE_COLUMNS; r < end; r += SGQ_TILE_ROWS) {
      add((long long)r * sgq_stride(scheme.cols) + c, scale, offset, sums);
    }
  }
  shared[threadIdx.x] = sums.scale;
  shared[BLOCK + threadIdx.x] = sums.offset;
  shared[2 * BLOCK + threadIdx.x] = sums.error;
  __syncthreads();
  if (threadIdx.x >= SUMS * SGQ_TILE_COLUMNS || c >= scheme.cols) return;
  int k = (int)threadIdx.x / SGQ_TILE_COLUMNS;
  float total = 0;
  for (int i = 0; i < SGQ_TILE_ROWS; i++) total += shared[k * BLOCK + i * SGQ_TILE_COLUMNS + across];
  parts[((long long)blockIdx.y * SUMS + k) * scheme.cols + c] = total;
}

}  // namespace sgq_learned

/* grad_x = inside ? grad_y : 0 (unless null) over a chunk of rows of block b, and the sums of it. */
extern "C" __global__ void __launch_bounds__(sgq_learned::BLOCK)
    learned_backward_f32(const float *x, const SgqPacked scheme, int b, int chunk, const float *grad_y,
                         float *grad_x, float *parts) {
  using namespace sgq_learned;
  int bits = scheme.block[b].bits;
  float last = bits < 32 ? sgq_max_code(bits) : 0;
  sum_chunk(scheme, b, chunk, parts, [&](long long at, float scale, float offset, Sums &sums) {
    float g = grad_y[at];
    if (bits < 32) {
      float t = (x[at] - offset) / scale;
      float u = sgq_rounded(t, last, scheme.rounding);
      bool inside = t >= 0 && t <= last;
      sums.scale += g * (inside ? u - t : u);
      sums.offset += inside ? 0 : g;
      sums.error += fabsf(g * ((u - t) * scale));
      g = inside ? g : 0;
    }
    if (grad_x != nullptr) grad_x[at] = g;
  });
}

/* The sums of |grad_y (y - x)| over a chunk of rows of block b; those of scale and offset are 0. */
extern "C" __global__ void __launch_bounds__(sgq_learned::BLOCK)
    learned_error_f32(const float *x, const float *y, const SgqPacked scheme, int b, int chunk, const float *grad_y,
                      float *parts) {
  using namespace sgq_learned;
  bool packed = scheme.block[b].bits < 32;
  sum_chunk(scheme, b, chunk, parts, [&](long long at, float, float, Sums &sums) {
    if (packed) sums.error += fabsf(grad_y[at] * (y[at] - x[at]));
  });
}

/*
 * Sums of the parts of block b: per column with column scales, a column per thread; else one of all columns, by one
 * block of threads. Sets gradient rows 2b (scale) and 2b + 1 (offset), adds to error row b.
 */
extern "C" __global__ void __launch_bounds__(sgq_learned::BLOCK)
    learned_sums_f32(const SgqPacked scheme, int b, const float *parts, int chunks, float *gradient,
                     float *error) {
  using namespace sgq_learned;
  SGQ_SHARED(double, totals, BLOCK);
  bool per_column = scheme.granularity == SGQ_COLUMN;
  long long stride = sgq_stride(per_column ? scheme.cols : 1);
  for (int k = 0; k < SUMS; k++) {
    float *out = k < 2 ? gradient + (2 * b + k) * stride : error + b * stride;
    double total = 0;
    for (int c = (int)sgq_thread(); c < scheme.cols; c += BLOCK) {
      double sum = 0;
      for (int i = 0; i < chunks; i++) sum += parts[((long long)i * SUMS + k) * scheme.cols + c];
      if (per_column) {
        out[c] = (float)(k < 2 ? sum : out[c] + sum);
        break;
      }
      total += sum;
    }
    totals[threadIdx.x] = total;
    sgq_fold_block<BLOCK, 16>(totals, [](double p, double q) { return p + q; });
    if (!per_column && threadIdx.x == 0) out[0] = (float)(k < 2 ? totals[0] : out[0] + totals[0]);
    __syncthreads();
  }
}

/* One Adam step on ln scale and offset / scale of block blockIdx.y, a scale per thread. */
extern "C" __global__ void __launch_bounds__(sgq_learned::BLOCK)
    learned_step_f32(const SgqPacked scheme, const float *gradient, float *m, float *v, float rate_factor,
                     const SgqStepState *state, unsigned long long *error, int site) {
  using namespace sgq_learned;
  int t = state->step;
  if (t < 1) {
    if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x == 0) sgq_report(error, site, -(long long)t, SGQ_OTHER);
    return;
  }
  int b = (int)blockIdx.y;
  const SgqBlock &block = scheme.block[b];
  bool per_column = scheme.granularity == SGQ_COLUMN;
  int n = per_column ? scheme.cols : 1;
  int i = (int)sgq_thread();
  long long rows = block.row_end - block.row_start;
  if (i >= n || block.bits == 32 || rows == 0 || scheme.cols == 0) return;
  double rate = state->learning_rate / (1 - pow(0.9, (double)t));
  double correction2 = 1 / (1 - pow(0.999, (double)t));
  double elements = (double)(rows * (per_column ? 1 : scheme.cols));
  double scale = block.scale[i];
  double factor = scale / sqrt(elements * ((1u << block.bits) - 1));
  long long at = 2ll * b * sgq_stride(n) + i, next = at + sgq_stride(n);
  double d = rate_factor * adam(factor * gradient[at], m[at], v[at], rate, correction2);
  double d_offset = rate_factor * adam(factor * gradient[next], m[next], v[next], rate, correction2);
  block.scale[i] = fminf(fmaxf((float)(scale * exp(-d)), 0x1p-126f), 0x1.fffffep127f);
  block.offset[i] = (float)(block.offset[i] - scale * d_offset);
}
