/*
 * Ranges by percentile or least squared error, from histograms between the extremes that observe.cu left: the
 * second half of org.sgquant.kernels.PackedOps.calibrate. A warp chooses one range.
 */
#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"
#include "sgq/search.cuh"

namespace sgq_calibrate {

/* Adds columns c .. c + 3 of a row, as far as there are any. */
__device__ __forceinline__ void count_quad(SgqRunCounter &counter, const float *row, int c, int cols) {
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
  SgqRunCounter counter(bins, extremes[b]);
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
  SgqRunCounter counter(counts + (long long)c * SGQ_BINS, extremes[c]);
  for (int r = start + (int)threadIdx.x / SGQ_TILE_COLUMNS; r < end; r += SGQ_TILE_ROWS) {
    counter.add(x[(long long)r * sgq_stride(scheme.cols) + c]);
  }
  counter.flush();
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
  SgqRunCounter counter(bins, extremes);
  const float *row = x + (long long)r * sgq_stride(scheme.cols);
  for (int c = 4 * (int)threadIdx.x; c < scheme.cols; c += 4 * 32) count_quad(counter, row, c, scheme.cols);
  counter.flush();
  __syncwarp();
  choose(bins, scheme.cols, extremes, scheme, block, (int)blockIdx.x, method, fraction, memory);
}
