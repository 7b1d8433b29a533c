/*
 * Numbers from {0, +-2^n} and their codes: org.sgquant.kernels.PowerOps. A thread takes a quad; everything is
 * done on exponent bits, so results have the bits of the hosts'.
 */
#include "sgq/quads.cuh"

namespace sgq_powers {

/* n with |x| in [3/4, 3/2) 2^n: adding half to the mantissa carries where it is a half or more. */
__device__ __forceinline__ int exponent(float x) {
  return (((__float_as_int(x) & 0x7fffffff) + (1 << 22)) >> 23) - 127;
}

/* 2^n for a normal exponent. */
__device__ __forceinline__ float power(int n) {
  return __int_as_float((n + 127) << 23);
}

__device__ __forceinline__ float encode(float x, int top, int powers) {
  if (!(fabsf(x) >= power(top - powers))) return 0;
  int k = min(max(top - exponent(x), 0), powers - 1);
  return (float)(2 * powers + (x < 0 ? powers : 0) + k);
}

__device__ __forceinline__ float decode(float code, int top, int powers) {
  int u = (int)code;
  if (u < 2 * powers) return 0;
  float magnitude = power(top - (u & (powers - 1)));
  return (u & powers) == 0 ? magnitude : -magnitude;
}

}  // namespace sgq_powers

/* out = code of the level nearest to x, top a power of two in device memory. */
extern "C" __global__ void __launch_bounds__(256)
    encode_powers_f32(const float *x, const float *top, int bits, float *out, long long quads) {
  using namespace sgq_powers;
  long long at = sgq_flat_quad(quads);
  if (at < 0) return;
  int highest = exponent(top[0]);
  int powers = 1 << (bits - 2);
  float4 v = sgq_load_quad(x, at);
  sgq_store_quad(out, at,
                 make_float4(encode(v.x, highest, powers), encode(v.y, highest, powers),
                             encode(v.z, highest, powers), encode(v.w, highest, powers)));
}

/* out = level of the code. */
extern "C" __global__ void __launch_bounds__(256)
    decode_powers_f32(const float *codes, const float *top, int bits, float *out, long long quads) {
  using namespace sgq_powers;
  long long at = sgq_flat_quad(quads);
  if (at < 0) return;
  int highest = exponent(top[0]);
  int powers = 1 << (bits - 2);
  float4 v = sgq_load_quad(codes, at);
  sgq_store_quad(out, at,
                 make_float4(decode(v.x, highest, powers), decode(v.y, highest, powers),
                             decode(v.z, highest, powers), decode(v.w, highest, powers)));
}

/* out = frozen, but where that is NaN. */
extern "C" __global__ void __launch_bounds__(256) hold_f32(const float *frozen, float *out, long long quads) {
  long long at = sgq_flat_quad(quads);
  if (at < 0) return;
  float4 f = sgq_load_quad(frozen, at);
  float4 v = sgq_load_quad(out, at);
  sgq_store_quad(out, at,
                 make_float4(f.x == f.x ? f.x : v.x, f.y == f.y ? f.y : v.y, f.z == f.z ? f.z : v.z,
                             f.w == f.w ? f.w : v.w));
}
