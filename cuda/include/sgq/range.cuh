/*
 * Ranges [lo, hi] of a scheme: how one becomes scale and offset, and where values fall between its extremes,
 * in the arithmetic of org.sgquant.tensor.QuantParams and org.sgquant.kernels.RangeSearch.
 */
#ifndef SGQ_RANGE_CUH
#define SGQ_RANGE_CUH

#include "sgq/packed.cuh"

/* Bins of a calibration histogram. */
#define SGQ_BINS 1024

/* Columns and rows that a block of 256 threads takes at a time where columns have ranges of their own. */
#define SGQ_TILE_COLUMNS 32
#define SGQ_TILE_ROWS 8

/* Ordinals of org.sgquant.kernels.Calibration.Method. */
enum SgqMethod { SGQ_MIN_MAX = 0, SGQ_ROW_MEAN = 1, SGQ_PERCENTILE = 2, SGQ_MSE = 3, SGQ_SIGN = 4 };

/* A closed interval. */
struct SgqRange {
  double lo;
  double hi;
};

/* Steps that a range is cut into at a width: 2^q - 1, or 2^q for the paper's rounding. */
__device__ __forceinline__ double sgq_steps(int bits, int rounding) {
  return (double)((1u << bits) - (rounding == SGQ_PAPER ? 0 : 1));
}

/* offset = lo, scale = (hi - lo) / steps within the positive finite floats; a zero range gives scale 1. */
__device__ __forceinline__ void sgq_set_range(const SgqBlock &block, int i, SgqRange range, int rounding) {
  double span = range.hi - range.lo;
  float scale = (float)(span / sgq_steps(block.bits, rounding));
  block.offset[i] = (float)range.lo;
  block.scale[i] = span == 0 ? 1.0f : fminf(fmaxf(scale, 0x1p-149f), 0x1.fffffep127f);
}

/* min(max(ceil(largest / unit), 1), 255), at 1 bit rint for ceil: org.sgquant.tensor.RowScale. */
__device__ __forceinline__ int sgq_row_code_of(float largest, float unit, int bits) {
  float units = largest / unit;
  float rounded = bits == 1 ? rintf(units) : ceilf(units);
  return (int)fminf(fmaxf(rounded, 1.0f), 255.0f);
}

/* A row of code c covers [-k c unit, k c unit] if symmetric, else [0, k c unit]. */
__device__ __forceinline__ void sgq_set_row_code_range(const SgqBlock &block, bool symmetric, float unit, double k,
                                                       int rounding) {
  double high = k * unit;
  sgq_set_range(block, 0, {symmetric ? -high : 0.0, high}, rounding);
  block.scale[1] = unit;
  block.offset[1] = 0;
}

/* Factor that turns a distance from min into a bin. */
__device__ __forceinline__ float sgq_bins_per_unit(float2 extremes) {
  return (float)(SGQ_BINS / ((double)extremes.y - (double)extremes.x));
}

/* Bin of x; always one of them, also where the product overflows or is 0 times infinity. */
__device__ __forceinline__ int sgq_bin(float x, float min, float bins_per_unit) {
  float t = (x - min) * bins_per_unit;
  return t >= SGQ_BINS - 1 ? SGQ_BINS - 1 : t > 0 ? (int)t : 0;
}

/* Adds values to a histogram; a run of one bin, such as the zeros that a ReLU leaves, costs one atomic. */
template <typename Count>
struct SgqRunCounter {
  Count *counts;
  float min;
  float bins_per_unit;
  int bin = 0;
  Count run = 0;

  __device__ __forceinline__ SgqRunCounter(Count *counts, float2 extremes)
      : counts(counts), min(extremes.x), bins_per_unit(sgq_bins_per_unit(extremes)) {
  }

  __device__ __forceinline__ void add(float x, Count times = 1) {
    int next = sgq_bin(x, min, bins_per_unit);
    if (next != bin) {
      flush();
      bin = next;
    }
    run += times;
  }

  __device__ __forceinline__ void flush() {
    if (run > 0) atomicAdd(counts + bin, run);
    run = 0;
  }
};

#endif
