/*
 * Floats as integers of the same order, -0 below +0, so that minima and maxima have one result in any order
 * of taking them, as Java's Math.min and Math.max do.
 */
#ifndef SGQ_ORDERED_CUH
#define SGQ_ORDERED_CUH

#include "sgq/quads.cuh"

__device__ __forceinline__ int sgq_ordered(float x) {
  int bits = __float_as_int(x);
  return bits ^ (bits >> 31 & 0x7fffffff);
}

__device__ __forceinline__ float sgq_unordered(int key) {
  return __int_as_float(key ^ (key >> 31 & 0x7fffffff));
}

/* Least and greatest key so far; nothing yet: +infinity and -infinity. */
struct SgqExtremes {
  int low = 0x7f800000;
  int high = (int)0x807fffff;

  __device__ __forceinline__ void add(float x) {
    add(sgq_ordered(x), sgq_ordered(x));
  }

  __device__ __forceinline__ void add(int other_low, int other_high) {
    low = min(low, other_low);
    high = max(high, other_high);
  }

  __device__ __forceinline__ float2 range() const {
    return make_float2(sgq_unordered(low), sgq_unordered(high));
  }
};

#endif
