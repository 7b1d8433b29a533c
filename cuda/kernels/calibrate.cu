/*
 * Ranges by percentile or least squared error, from histograms between the extremes that observe.cu left: the
 * second half of org.sgquant.kernels.PackedOps.calibrate. A warp chooses one range.
 */
#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"
#include "sgq/search.cuh"

namespace sgq_calibrate {

/* Adds columns c .. c + 3 of a row, as far as there are any. */
__device__ __forceinline__ void count_quad(SgqRunCounter<unsigned> &counter, const float *row, int c, int cols) {
  float4 v = sgq_load_quad(row, c);
  counter.add(v.x);
  if (c + 1 < cols) counter.add(v.y);
  if (c + 2 < cols) counter.add(v.z);
  if (c + 3 < cols) counter.add(v.w);
}

/* Chooses the range i of a block that is not empty, or takes 0 where it is, and sets its scale. */
template <typename Count>
__device__ __forceinline__ void choose(const Count *counts, long long values, float2 extremes,
                                       const SgqPacked &scheme, const SgqBlock &block, int i, int method,
                                       double fraction, const SgqSearchMemory &memory) {
  SgqRange range = {0, 0};
  if (block.row_start < block.row_end && scheme.cols > 0) {
    range = sgq_choose(counts, values, extremes, method, fraction, block.bits, scheme.rounding, memory);
  }
  if (threadIdx.x == 0) sgq_set_range(block, i, range, scheme.rounding);
}

/* Whether a block holds nothing but zeros, or nothing. */
__device__ __forceinline__ bool is_zero(float2 extremes) {
  return extremes.x == 0 && extremes.y == 0;
}

}  // namespace sgq_calibrate

/*
 * Histogram of rows blockIdx.x * chunk .. of the whole tensor (TENSOR: gridDim.y = 1) or of scheme block
 * blockIdx.y (BUCKET), added to counts[blockIdx.y][SGQ_BINS]. Sums of integers: the order does not matter.
 */
extern "C" __global__ void __launch_bounds__(256)
    histogram_f32_tensor(const float *x, const SgqPacked scheme, int chunk, const float2 *extremes,
                         unsigned long long *counts) {
  using namespace sgq_calibrate;
  SGQ_SHARED(unsigned, bins, SGQ_BINS);
  bool whole = scheme.granularity == SGQ_TENSOR;
  int b = (int)blockIdx.y;
  if (!whole && scheme.block[b].bits == 32) return;
  int first = whole ? 0 : scheme.block[b].row_start;
  int start = first + (int)blockIdx.x * chunk;
  int end = min(scheme.block[whole ? scheme.blocks - 1 : b].row_end, start + chunk);
  if (start >= end || !(extremes[b].x < extremes[b].y)) return;
  for (int i = (int)threadIdx.x; i < SGQ_BINS; i += (int)blockDim.x) bins[i] = 0;
  __syncthreads();
  SgqRunCounter<unsigned> counter(bins, extremes[b]);
  unsigned quads = (unsigned)sgq_ceil_div(scheme.cols, 4);
  for (unsigned i = threadIdx.x; i < (unsigned)(end - start) * quads; i += blockDim.x) {
    const float *row = x + (long long)(start + (int)(i / quads)) * sgq_stride(scheme.cols);
    count_quad(counter, row, (int)(i % quads) * 4, scheme.cols);
  }
  counter.flush();
  __syncthreads();
  for (int i = (int)threadIdx.x; i < SGQ_BINS; i += (int)blockDim.x) {
    if (bins[i] != 0) atomicAdd(counts + b * SGQ_BINS + i, (unsigned long long)bins[i]);
  }
}

/* Histogram of every column over rows blockIdx.y * chunk .. of block b, added to counts[c][SGQ_BINS]. */
extern "C" __global__ void __launch_bounds__(256)
    histogram_f32_column(const float *x, const SgqPacked scheme, int b, int chunk, const float2 *extremes,
                         unsigned *counts) {
  const SgqBlock &block = scheme.block[b];
  int c = (int)(blockIdx.x * SGQ_TILE_COLUMNS + threadIdx.x % SGQ_TILE_COLUMNS);
  int start = block.row_start + (int)blockIdx.y * chunk;
  int end = min(block.row_end, start + chunk);
  if (c >= scheme.cols || !(extremes[c].x < extremes[c].y)) return;
  SgqRunCounter<unsigned> counter(counts + (long long)c * SGQ_BINS, extremes[c]);
  for (int r = start + (int)threadIdx.x / SGQ_TILE_COLUMNS; r < end; r += SGQ_TILE_ROWS) {
    counter.add(x[(long long)r * sgq_stride(scheme.cols) + c]);
  }
  counter.flush();
}

/*
 * Histogram of the rows blockIdx.x * chunk .. of scheme block blockIdx.y (ROW_CODE), each value divided by code times
 * unit of its row; for MSE it counts code squared times, as the row's error does.
 */
extern "C" __global__ void __launch_bounds__(256)
    histogram_f32_row_code(const float *x, const SgqPacked scheme, int chunk, int method, const float *row_min,
                           const float *row_max, const float2 *extremes, unsigned long long *counts) {
  using namespace sgq_calibrate;
  SGQ_SHARED(unsigned long long, bins, SGQ_BINS);
  int b = (int)blockIdx.y;
  const SgqBlock &block = scheme.block[b];
  int start = block.row_start + (int)blockIdx.x * chunk;
  int end = min(block.row_end, start + chunk);
  if (block.bits == 32 || start >= end || is_zero(extremes[b])) return;
  for (int i = (int)threadIdx.x; i < SGQ_BINS; i += (int)blockDim.x) bins[i] = 0;
  __syncthreads();
  float unit = block.scale[1];
  float2 ends = make_float2(extremes[b].x < 0 ? -1.0f : 0.0f, 1.0f);
  SgqRunCounter<unsigned long long> counter(bins, ends);
  unsigned quads = (unsigned)sgq_ceil_div(scheme.cols, 4);
  for (unsigned i = threadIdx.x; i < (unsigned)(end - start) * quads; i += blockDim.x) {
    int r = start + (int)(i / quads);
    int c = (int)(i % quads) * 4;
    int code = sgq_row_code_of(fmaxf(-row_min[r], row_max[r]), unit, block.bits);
    unsigned long long weight = method == SGQ_MSE ? (unsigned long long)(code * code) : 1;
    float4 v = sgq_load_quad(x + (long long)r * sgq_stride(scheme.cols), c);
    float of[4] = {v.x, v.y, v.z, v.w};
    for (int j = 0; j < 4 && c + j < scheme.cols; j++) {
      counter.add(fminf(fmaxf(of[j] / ((float)code * unit), ends.x), 1.0f), weight);
    }
  }
  counter.flush();
  __syncthreads();
  for (int i = (int)threadIdx.x; i < SGQ_BINS; i += (int)blockDim.x) {
    if (bins[i] != 0) atomicAdd(counts + b * SGQ_BINS + i, bins[i]);
  }
}

/* Scale of block blockIdx.x (ROW_CODE) from its histogram. */
extern "C" __global__ void __launch_bounds__(32)
    search_f32_row_code(const SgqPacked scheme, const float2 *extremes, const unsigned long long *counts, int method,
                        double fraction) {
  using namespace sgq_calibrate;
  SGQ_SEARCH_MEMORY(memory);
  int b = (int)blockIdx.x;
  const SgqBlock &block = scheme.block[b];
  if (block.bits == 32 || is_zero(extremes[b])) return;
  bool symmetric = extremes[b].x < 0;
  long long values = (long long)(block.row_end - block.row_start) * scheme.cols;
  double k = sgq_clip(counts + b * SGQ_BINS, values, symmetric, method, fraction, block.bits, scheme.rounding, memory);
  if (threadIdx.x == 0) sgq_set_row_code_range(block, symmetric, block.scale[1], k, scheme.rounding);
}

/* Scale of block blockIdx.x from the histogram of the whole tensor (TENSOR) or its own (BUCKET). */
extern "C" __global__ void __launch_bounds__(32)
    search_f32_tensor(const SgqPacked scheme, const float2 *extremes, const unsigned long long *counts,
                      int method, double fraction) {
  using namespace sgq_calibrate;
  SGQ_SEARCH_MEMORY(memory);
  const SgqBlock &block = scheme.block[blockIdx.x];
  if (block.bits == 32) return;
  bool whole = scheme.granularity == SGQ_TENSOR;
  int rows = whole ? scheme.block[scheme.blocks - 1].row_end : block.row_end - block.row_start;
  int slot = whole ? 0 : (int)blockIdx.x;
  choose(counts + slot * SGQ_BINS, (long long)rows * scheme.cols, extremes[slot], scheme, block, 0, method,
         fraction, memory);
}

/* Scale of column blockIdx.x of block b. */
extern "C" __global__ void __launch_bounds__(32)
    search_f32_column(const SgqPacked scheme, int b, const float2 *extremes, const unsigned *counts,
                      int method, double fraction) {
  using namespace sgq_calibrate;
  SGQ_SEARCH_MEMORY(memory);
  const SgqBlock &block = scheme.block[b];
  int c = (int)blockIdx.x;
  choose(counts + (long long)c * SGQ_BINS, block.row_end - block.row_start, extremes[c], scheme, block, c,
         method, fraction, memory);
}

/* Scale of row blockIdx.x of block b, which this warp counts itself. */
extern "C" __global__ void __launch_bounds__(32)
    search_f32_row(const float *x, const SgqPacked scheme, int b, const float *row_min, const float *row_max,
                   int method, double fraction) {
  using namespace sgq_calibrate;
  SGQ_SEARCH_MEMORY(memory);
  SGQ_SHARED(unsigned, bins, SGQ_BINS);
  const SgqBlock &block = scheme.block[b];
  int r = block.row_start + (int)blockIdx.x;
  float2 extremes = make_float2(row_min[r], row_max[r]);
  for (int i = (int)threadIdx.x; i < SGQ_BINS; i += 32) bins[i] = 0;
  __syncwarp();
  SgqRunCounter<unsigned> counter(bins, extremes);
  const float *row = x + (long long)r * sgq_stride(scheme.cols);
  for (int c = 4 * (int)threadIdx.x; c < scheme.cols; c += 4 * 32) count_quad(counter, row, c, scheme.cols);
  counter.flush();
  __syncwarp();
  choose(bins, scheme.cols, extremes, scheme, block, (int)blockIdx.x, method, fraction, memory);
}
