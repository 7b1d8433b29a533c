/* e^x in binary32, the bits of org.sgquant.kernels.Exp, where the steps are explained. */
#ifndef SGQ_EXP_CUH
#define SGQ_EXP_CUH

#include "sgq/device.cuh"

/* 2^n for n in -126 .. 127. */
__device__ __forceinline__ float sgq_power_of_two(int n) {
  return __int_as_float((n + 127) << 23);
}

__device__ __forceinline__ float sgq_exp(float x) {
  if (!(x >= -87.0f)) return x != x ? x : 0.0f;
  if (x > 88.7f) return __int_as_float(0x7f800000);
  float n = rintf(x * 0x1.715476p0f);
  float r = fmaf(n, -0x1.7f7d1cp-20f, fmaf(n, -0x1.62e4p-1f, x));
  float y = 0x1.6a2352p-10f;
  y = fmaf(y, r, 0x1.123a6cp-7f);
  y = fmaf(y, r, 0x1.5558f4p-5f);
  y = fmaf(y, r, 0x1.55549p-3f);
  y = fmaf(y, r, 0x1.fffffcp-2f);
  y = fmaf(y, r, 1.0f);
  y = fmaf(y, r, 1.0f);
  int half = (int)n >> 1;
  return y * sgq_power_of_two(half) * sgq_power_of_two((int)n - half);
}

#endif
