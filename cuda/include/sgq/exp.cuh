/*
 * e^x in float32 by fused multiply-adds alone, the bits of org.sgquant.kernels.Exp, which says how:
 *
 *   n = rint(x log2 e);   r = x - n ln 2;   2^n (1 + r + r^2 (C2 + r C3 + ... + r^4 C6))
 *
 * Below -87 the result is 0, above 88.7 infinity, of NaN NaN.
 */
#ifndef SGQ_EXP_CUH
#define SGQ_EXP_CUH

#include "sgq/device.cuh"

/* 2^n for n of normal numbers. */
__device__ __forceinline__ float sgq_power_of_two(int n) {
  return __int_as_float((int)(((unsigned)n + 127u) << 23));
}

__device__ __forceinline__ float sgq_exp(float x) {
  constexpr float ROUND = 0x1.8p23f;  // adding it rounds to a whole number, which then stands in the low bits
  float shifted = fmaf(x, 0x1.715476p0f, ROUND);
  float n = shifted - ROUND;
  float r = fmaf(-n, -0x1.05c61p-29f, fmaf(-n, 0x1.62e43p-1f, x));
  float q = fmaf(0x1.6a2434p-10f, r, 0x1.1239e2p-7f);
  q = fmaf(q, r, 0x1.5558f2p-5f);
  q = fmaf(q, r, 0x1.555492p-3f);
  q = fmaf(q, r, 0x1.fffffcp-2f);
  float p = fmaf(fmaf(q, r, 1.0f), r, 1.0f);
  int power = (int)((unsigned)__float_as_int(shifted) - (unsigned)__float_as_int(ROUND));
  int half = power >> 1;
  float e = p * sgq_power_of_two(half) * sgq_power_of_two((int)((unsigned)power - (unsigned)half));
  return x < -87.0f ? 0.0f : x > 88.7f ? INFINITY : e;
}

#endif
