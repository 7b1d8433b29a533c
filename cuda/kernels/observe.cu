/*
 * Ranges of a scheme from the extremes of tensor, buckets, columns or rows: the first half of
 * org.sgquant.kernels.PackedOps.calibrate. Nothing returns to the host. Where the rule needs a histogram, the
 * kernels here leave the extremes (float2: least, greatest value) per range, and those of calibrate.cu go on.
 */
#include "sgq/ordered.cuh"
#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"
#include "sgq/reduce.cuh"

namespace sgq_observe {

/* Lanes that read one row: together a cache line of 64 bytes at a time. */
constexpr int ROW_LANES = 4;

/* Whether ranges are taken of block b; a range over the whole tensor sees 32-bit blocks too. */
__device__ __forceinline__ bool is_observed(const SgqPacked &scheme, int b) {
  return scheme.block[b].bits < 32 || scheme.granularity == SGQ_TENSOR;
}

/* Adds x to the extremes; reports it where it is not finite. */
__device__ __forceinline__ void observe(float x, long long element, SgqExtremes &extremes,
                                        unsigned long long *error, int site) {
  sgq_require_finite(x, error, site, element);
  extremes.add(x);
}

/* The range that MIN_MAX or ROW_MEAN takes; an empty block has the range 0. */
__device__ __forceinline__ SgqRange plain_range(const SgqBlock &block, const SgqPacked &scheme,
                                                float2 extremes) {
  if (block.row_start == block.row_end || scheme.cols == 0) return {0, 0};
  return {extremes.x, extremes.y};
}

/* The range that SIGN takes of `count` values whose magnitudes add up to `sum`. */
__device__ __forceinline__ SgqRange symmetric_range(const SgqBlock &block, const SgqPacked &scheme,
                                                    double sum, long long count) {
  if (block.row_start == block.row_end || scheme.cols == 0) return {0, 0};
  return {-sum / count, sum / count};
}

}  // namespace sgq_observe

/*
 * row_min_r, row_max_r = extremes of row r of x, for rows that a range is taken of; row_sum_r, unless row_sum
 * is null, the sum of its magnitudes.
 */
extern "C" __global__ void __launch_bounds__(256)
    observe_rows_f32(const float *x, const SgqPacked scheme, float *row_min, float *row_max, double *row_sum,
                     unsigned long long *error, int site) {
  using namespace sgq_observe;
  int r = (int)(sgq_thread() / ROW_LANES);
  int lane = (int)(sgq_thread() % ROW_LANES);
  bool observed = r < scheme.block[scheme.blocks - 1].row_end && is_observed(scheme, sgq_block_of(scheme, r));
  SgqExtremes extremes;
  double sum = 0;
  if (observed) {
    const float *row = x + (long long)r * sgq_stride(scheme.cols);
    long long first = (long long)r * scheme.cols;
    for (int c = 4 * lane; c < scheme.cols; c += 4 * ROW_LANES) {
      float4 v = sgq_load_quad(row, c);
      observe(v.x, first + c, extremes, error, site);
      if (c + 1 < scheme.cols) observe(v.y, first + c + 1, extremes, error, site);
      if (c + 2 < scheme.cols) observe(v.z, first + c + 2, extremes, error, site);
      if (c + 3 < scheme.cols) observe(v.w, first + c + 3, extremes, error, site);
      if (row_sum == nullptr) continue;
      sum += fabsf(v.x);
      if (c + 1 < scheme.cols) sum += fabsf(v.y);
      if (c + 2 < scheme.cols) sum += fabsf(v.z);
      if (c + 3 < scheme.cols) sum += fabsf(v.w);
    }
  }
  for (int step = 1; step < ROW_LANES; step *= 2) {
    int low = __shfl_xor_sync(0xffffffffu, extremes.low, step);
    int high = __shfl_xor_sync(0xffffffffu, extremes.high, step);
    extremes.add(low, high);
    sum += __shfl_xor_sync(0xffffffffu, sum, step);
  }
  if (observed && lane == 0) {
    if (row_sum != nullptr) row_sum[r] = sum;
    row_min[r] = extremes.range().x;
    row_max[r] = extremes.range().y;
  }
}

/* Scale of each row of block b from its own extremes, or unless row_sum is null by SIGN; a row per thread. */
extern "C" __global__ void __launch_bounds__(256)
    range_f32_row(const SgqPacked scheme, int b, const float *row_min, const float *row_max,
                  const double *row_sum) {
  using namespace sgq_observe;
  const SgqBlock &block = scheme.block[b];
  int i = (int)sgq_thread();
  int r = block.row_start + i;
  if (r >= block.row_end) return;
  SgqRange range = row_sum == nullptr
                       ? plain_range(block, scheme, make_float2(row_min[r], row_max[r]))
                       : symmetric_range(block, scheme, row_sum[r], scheme.cols);
  sgq_set_range(block, i, range, scheme.rounding);
}

/*
 * The range of the whole tensor (TENSOR: one block of threads) or of scheme block blockIdx.x (BUCKET) from
 * those of its rows. Sets the scales for MIN_MAX, ROW_MEAN and SIGN; for the others leaves extremes and an
 * empty histogram.
 */
extern "C" __global__ void __launch_bounds__(1024)
    range_f32_tensor(const SgqPacked scheme, const float *row_min, const float *row_max,
                     const double *row_sum, int method, float2 *extremes, unsigned long long *counts) {
  using namespace sgq_observe;
  SGQ_SHARED(int2, ends, 1024);
  SGQ_SHARED(double, sum_min, 1024);
  SGQ_SHARED(double, sum_max, 1024);
  bool whole = scheme.granularity == SGQ_TENSOR;
  int b = (int)blockIdx.x;
  if (!is_observed(scheme, b)) return;
  int start = whole ? 0 : scheme.block[b].row_start;
  int end = scheme.block[whole ? scheme.blocks - 1 : b].row_end;
  SgqExtremes own;
  double low_sum = 0, high_sum = 0;
  for (int r = start + (int)threadIdx.x; r < end; r += (int)blockDim.x) {
    own.add(sgq_ordered(row_min[r]), sgq_ordered(row_max[r]));
    low_sum += method == SGQ_SIGN ? row_sum[r] : row_min[r];
    high_sum += row_max[r];
  }
  ends[threadIdx.x] = make_int2(own.low, own.high);
  sum_min[threadIdx.x] = low_sum;
  sum_max[threadIdx.x] = high_sum;
  counts[blockIdx.x * SGQ_BINS + threadIdx.x] = 0;
  sgq_fold_block<1024, 32>(ends, [](int2 p, int2 q) { return make_int2(min(p.x, q.x), max(p.y, q.y)); });
  sgq_fold_block<1024, 32>(sum_min, [](double p, double q) { return p + q; });
  sgq_fold_block<1024, 32>(sum_max, [](double p, double q) { return p + q; });
  if (threadIdx.x != 0) return;
  float2 range = make_float2(sgq_unordered(ends[0].x), sgq_unordered(ends[0].y));
  extremes[blockIdx.x] = range;
  if (method == SGQ_PERCENTILE || method == SGQ_MSE) return;
  for (int i = whole ? 0 : b; i < (whole ? scheme.blocks : b + 1); i++) {
    const SgqBlock &block = scheme.block[i];
    if (block.bits == 32) continue;
    SgqRange chosen = plain_range(block, scheme, range);
    if (method == SGQ_ROW_MEAN && chosen.lo < chosen.hi) {
      chosen = {sum_min[0] / (end - start), sum_max[0] / (end - start)};
    } else if (method == SGQ_SIGN) {
      chosen = symmetric_range(block, scheme, sum_min[0], (long long)(end - start) * scheme.cols);
    }
    sgq_set_range(block, 0, chosen, scheme.rounding);
  }
}

/*
 * Unit of the row codes of scheme block blockIdx.x from the extremes of its rows, and the scales of MIN_MAX: a row covers
 * its whole range. Leaves the extremes, 0 for an empty block, and an empty histogram.
 */
extern "C" __global__ void __launch_bounds__(1024)
    range_f32_row_code(const SgqPacked scheme, const float *row_min, const float *row_max, float2 *extremes,
                       unsigned long long *counts) {
  SGQ_SHARED(int2, ends, 1024);
  int b = (int)blockIdx.x;
  const SgqBlock &block = scheme.block[b];
  if (block.bits == 32) return;
  SgqExtremes own;
  for (int r = block.row_start + (int)threadIdx.x; r < block.row_end; r += (int)blockDim.x) {
    own.add(sgq_ordered(row_min[r]), sgq_ordered(row_max[r]));
  }
  ends[threadIdx.x] = make_int2(own.low, own.high);
  counts[b * SGQ_BINS + threadIdx.x] = 0;
  sgq_fold_block<1024, 32>(ends, [](int2 p, int2 q) { return make_int2(min(p.x, q.x), max(p.y, q.y)); });
  if (threadIdx.x != 0) return;
  bool empty = block.row_start == block.row_end || scheme.cols == 0;
  float2 range = empty ? make_float2(0, 0) : make_float2(sgq_unordered(ends[0].x), sgq_unordered(ends[0].y));
  extremes[b] = range;
  float largest = fmaxf(-range.x, range.y);
  float unit = largest == 0 ? 1.0f : fmaxf((float)(largest / 255.0), 0x1p-149f);
  sgq_set_row_code_range(block, range.x < 0, unit, largest == 0 ? 0 : 1, scheme.rounding);
}

/*
 * Extremes of every column over rows blockIdx.y * chunk .. of block b, as ordered integers: least ones at
 * parts[2 * blockIdx.y * cols + c], greatest ones at parts[(2 * blockIdx.y + 1) * cols + c]; unless sums is
 * null, sums of magnitudes at sums[blockIdx.y * cols + c].
 */
extern "C" __global__ void __launch_bounds__(256)
    observe_columns_f32(const float *x, const SgqPacked scheme, int b, int chunk, int *parts, double *sums,
                        unsigned long long *error, int site) {
  using namespace sgq_observe;
  SGQ_SHARED(int2, ends, SGQ_TILE_COLUMNS * SGQ_TILE_ROWS);
  SGQ_SHARED(double, magnitudes, SGQ_TILE_COLUMNS * SGQ_TILE_ROWS);
  const SgqBlock &block = scheme.block[b];
  int across = (int)threadIdx.x % SGQ_TILE_COLUMNS;
  int c = (int)blockIdx.x * SGQ_TILE_COLUMNS + across;
  int start = block.row_start + (int)blockIdx.y * chunk;
  int end = min(block.row_end, start + chunk);
  SgqExtremes extremes;
  double sum = 0;
  if (c < scheme.cols) {
    for (int r = start + (int)threadIdx.x / SGQ_TILE_COLUMNS; r < end; r += SGQ_TILE_ROWS) {
      float v = x[(long long)r * sgq_stride(scheme.cols) + c];
      observe(v, (long long)r * scheme.cols + c, extremes, error, site);
      sum += fabsf(v);
    }
  }
  magnitudes[threadIdx.x] = sum;
  ends[threadIdx.x] = make_int2(extremes.low, extremes.high);
  __syncthreads();
  if (threadIdx.x >= SGQ_TILE_COLUMNS || c >= scheme.cols) return;
  for (int i = 1; i < SGQ_TILE_ROWS; i++) {
    int2 other = ends[i * SGQ_TILE_COLUMNS + across];
    extremes.add(other.x, other.y);
    sum += magnitudes[i * SGQ_TILE_COLUMNS + across];
  }
  if (sums != nullptr) sums[(long long)blockIdx.y * scheme.cols + c] = sum;
  parts[2ll * blockIdx.y * scheme.cols + c] = extremes.low;
  parts[(2ll * blockIdx.y + 1) * scheme.cols + c] = extremes.high;
}

/* The range of every column of block b from those of its chunks: its scale or its extremes, a thread each. */
extern "C" __global__ void __launch_bounds__(256)
    range_f32_column(const SgqPacked scheme, int b, const int *parts, const double *sums, int chunks,
                     int method, float2 *extremes) {
  using namespace sgq_observe;
  const SgqBlock &block = scheme.block[b];
  int c = (int)sgq_thread();
  if (c >= scheme.cols) return;
  SgqExtremes own;
  for (int i = 0; i < chunks; i++) {
    own.add(parts[2ll * i * scheme.cols + c], parts[(2ll * i + 1) * scheme.cols + c]);
  }
  extremes[c] = own.range();
  if (method == SGQ_PERCENTILE || method == SGQ_MSE) return;
  SgqRange range = plain_range(block, scheme, own.range());
  if (method == SGQ_SIGN) {
    double sum = 0;
    for (int i = 0; i < chunks; i++) sum += sums[(long long)i * scheme.cols + c];
    range = symmetric_range(block, scheme, sum, block.row_end - block.row_start);
  }
  sgq_set_range(block, c, range, scheme.rounding);
}
