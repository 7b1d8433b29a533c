/*
 * Choice of a range from a histogram by one warp, step by step that of org.sgquant.kernels.RangeSearch: same
 * candidates, same order of every sum, same winner of a tie, and so the same bits. Each lane tries one end of
 * the range against all bins, so nothing is summed across lanes.
 */
#ifndef SGQ_SEARCH_CUH
#define SGQ_SEARCH_CUH

#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"

/* Places tried for an end of the range at one level, levels, and most times that a level moves both ends. */
#define SGQ_SEARCH_STEPS 16
#define SGQ_SEARCH_LEVELS 3
#define SGQ_SEARCH_ROUNDS 3

/* Memory of one warp's search. */
#define SGQ_SEARCH_MEMORY(name)                \
  SGQ_SHARED(double, name##_middle, SGQ_BINS); \
  SGQ_SHARED(double, name##_count, SGQ_BINS);  \
  SGQ_SHARED(double, name##_error, 32);        \
  SGQ_SHARED(int, name##_found, 32);           \
  SgqSearchMemory name = {name##_middle, name##_count, name##_error, name##_found}

/* Bins, or groups of bins, that hold values: middles and counts ascending, in shared memory. */
struct SgqOccupied {
  double *middle;
  double *count;
  int bins;
};

/* What the lanes of a warp share while they choose. */
struct SgqSearchMemory {
  double *middle; /* SGQ_BINS */
  double *count;  /* SGQ_BINS */
  double *error;  /* 32 */
  int *found;     /* 32 */
};

/* A range and its squared error. */
struct SgqScored {
  SgqRange range;
  double error;
};

/*
 * Lists the occupied bins, `merged` of which count as one. Every lane looks through its share of the bins,
 * then writes behind the lanes before it. Called by a whole warp.
 */
template <typename Count>
__device__ __forceinline__ SgqOccupied sgq_occupied(const Count *counts, float2 extremes, int merged,
                                                    const SgqSearchMemory &memory) {
  int lane = (int)threadIdx.x;
  int share = SGQ_BINS / 32 / merged;
  unsigned occupied = 0;
  for (int k = 0; k < share; k++) {
    int i = (k + lane) % share; /* lanes start apart, as their shares begin in one bank */
    bool some = false;
    for (int j = 0; j < merged; j++) some |= counts[(lane * share + i) * merged + j] != 0;
    occupied |= some ? 1u << i : 0;
  }
  memory.found[lane] = __popc(occupied);
  __syncwarp();
  int at = 0, bins = 0;
  for (int l = 0; l < 32; l++) {
    at += l < lane ? memory.found[l] : 0;
    bins += memory.found[l];
  }
  double width = ((double)extremes.y - (double)extremes.x) / SGQ_BINS * merged;
  for (; occupied != 0; occupied &= occupied - 1) {
    int bin = lane * share + __ffs((int)occupied) - 1;
    double count = 0;
    for (int j = 0; j < merged; j++) count += (double)counts[bin * merged + j];
    memory.middle[at] = extremes.x + (bin + 0.5) * width;
    memory.count[at++] = count;
  }
  __syncwarp();
  return {memory.middle, memory.count, bins};
}

/* Squared error of the values when they are quantized to a range. */
__device__ __forceinline__ double sgq_squared_error(const SgqOccupied &bins, SgqRange range, int bits,
                                                    int rounding) {
  double max_code = sgq_max_code(bits);
  double scale = (range.hi - range.lo) / sgq_steps(bits, rounding);
  double per_scale = 1 / scale;
  double error = 0;
  for (int i = 0; i < bins.bins; i++) {
    double u = (bins.middle[i] - range.lo) * per_scale;
    u = u < 0 ? 0 : u > max_code ? max_code : u;
    u = rounding == SGQ_PAPER ? floor(u) : rint(u);
    double d = bins.middle[i] - (range.lo + scale * u);
    error += bins.count[i] * d * d;
  }
  return error;
}

/* The best of `start` and candidate(0 .. SGQ_SEARCH_STEPS); the first of equals. Every lane returns it. */
template <typename Candidate>
__device__ __forceinline__ SgqScored sgq_best_of(const SgqOccupied &bins, SgqScored start, const Candidate &candidate,
                                                 int bits, int rounding, const SgqSearchMemory &memory) {
  int lane = (int)threadIdx.x;
  if (lane <= SGQ_SEARCH_STEPS) {
    SgqRange range = candidate(lane);
    bool tried = range.hi > range.lo;
    memory.error[lane] = tried ? sgq_squared_error(bins, range, bits, rounding) : start.error;
  }
  __syncwarp();
  SgqScored best = start;
  for (int step = 0; step <= SGQ_SEARCH_STEPS; step++) {
    if (memory.error[step] < best.error) best = {candidate(step), memory.error[step]};
  }
  __syncwarp();
  return best;
}

/*
 * The best of `start` and SGQ_SEARCH_STEPS + 1 places for one end of its range, from + reach * step / steps
 * kept within the extremes.
 */
__device__ __forceinline__ SgqScored sgq_best_end(const SgqOccupied &bins, SgqScored start, bool high,
                                                  double from, double reach, float2 extremes, int bits,
                                                  int rounding, const SgqSearchMemory &memory) {
  auto candidate = [&](int step) -> SgqRange {
    double end = from + reach * step / SGQ_SEARCH_STEPS;
    if (high) return {start.range.lo, end > extremes.y ? (double)extremes.y : end};
    return {end < extremes.x ? (double)extremes.x : end, start.range.hi};
  };
  return sgq_best_of(bins, start, candidate, bits, rounding, memory);
}

/* The range of least squared error, by alternating search over hi and lo. */
__device__ __forceinline__ SgqRange sgq_least_squares(const SgqOccupied &bins, float2 extremes, int bits,
                                                      int rounding, const SgqSearchMemory &memory) {
  double reach = (double)extremes.y - (double)extremes.x;
  SgqScored best = {{extremes.x, extremes.y}, 0};
  best.error = sgq_squared_error(bins, best.range, bits, rounding);
  for (int level = 0; level < SGQ_SEARCH_LEVELS; level++) {
    bool moved = true;
    for (int round = 0; round < SGQ_SEARCH_ROUNDS && moved; round++) {
      double before = best.error;
      double from = level == 0 ? (double)extremes.x : best.range.hi - reach / 2;
      best = sgq_best_end(bins, best, true, from, reach, extremes, bits, rounding, memory);
      from = level == 0 ? (double)extremes.x : best.range.lo - reach / 2;
      best = sgq_best_end(bins, best, false, from, reach, extremes, bits, rounding, memory);
      moved = best.error < before;
    }
    reach /= SGQ_SEARCH_STEPS / 2.0;
  }
  return best.range;
}

/* Smallest range that leaves at most (1 - fraction) of `total` values out on each side. */
template <typename Count>
__device__ __forceinline__ SgqRange sgq_percentile(const Count *counts, long long total, double fraction,
                                                   float2 extremes, const SgqSearchMemory &memory) {
  int lane = (int)threadIdx.x;
  if (lane < 2) { /* lane 0 walks up from the first bin, lane 1 down from the last */
    long long allowed = total - (long long)ceil((double)total * fraction);
    int left_out = 0;
    long long taken = (long long)counts[lane == 0 ? 0 : SGQ_BINS - 1];
    while (taken <= allowed && left_out < SGQ_BINS - 1) {
      left_out++;
      taken += (long long)counts[lane == 0 ? left_out : SGQ_BINS - 1 - left_out];
    }
    memory.found[lane] = left_out;
  }
  __syncwarp();
  int first = memory.found[0], last = SGQ_BINS - 1 - memory.found[1];
  double width = ((double)extremes.y - (double)extremes.x) / SGQ_BINS;
  return {first == 0 ? (double)extremes.x : extremes.x + first * width,
          last == SGQ_BINS - 1 ? (double)extremes.y : extremes.x + (last + 1) * width};
}

/* The range that PERCENTILE or MSE chooses for `total` values between the extremes; a whole warp calls it. */
template <typename Count>
__device__ __forceinline__ SgqRange sgq_choose(const Count *counts, long long total, float2 extremes,
                                               int method, double fraction, int bits, int rounding,
                                               const SgqSearchMemory &memory) {
  if (!(extremes.x < extremes.y)) return {extremes.x, extremes.y};
  if (method == SGQ_PERCENTILE) return sgq_percentile(counts, total, fraction, extremes, memory);
  SgqOccupied bins = sgq_occupied(counts, extremes, bits <= 4 ? 4 : 1, memory);
  return sgq_least_squares(bins, extremes, bits, rounding, memory);
}

/*
 * The share k of [-1, 1] if symmetric, else of [0, 1], that PERCENTILE or MSE chooses for `total` values in it: the
 * clip of org.sgquant.kernels.RangeSearch. A whole warp calls it.
 */
template <typename Count>
__device__ __forceinline__ double sgq_clip(const Count *counts, long long total, bool symmetric, int method,
                                           double fraction, int bits, int rounding, const SgqSearchMemory &memory) {
  float2 ends = make_float2(symmetric ? -1.0f : 0.0f, 1.0f);
  if (method == SGQ_PERCENTILE) {
    SgqRange range = sgq_percentile(counts, total, fraction, ends, memory);
    return fmax(-range.lo, range.hi);
  }
  SgqOccupied bins = sgq_occupied(counts, ends, bits <= 4 ? 4 : 1, memory);
  SgqScored best = {{ends.x, ends.y}, 0};
  best.error = sgq_squared_error(bins, best.range, bits, rounding);
  double reach = 1;
  for (int level = 0; level < SGQ_SEARCH_LEVELS; level++) {
    double from = level == 0 ? 0 : best.range.hi - reach / 2;
    auto candidate = [&](int step) -> SgqRange {
      double end = from + reach * step / SGQ_SEARCH_STEPS;
      double k = end > 1 ? 1 : end;
      return {ends.x * k, k};
    };
    best = sgq_best_of(bins, best, candidate, bits, rounding, memory);
    reach /= SGQ_SEARCH_STEPS / 2.0;
  }
  return best.range.hi;
}

#endif
