/* Float rows in the types and with the strides that libraries of CUDA take. */
#include "sgq/device.cuh"

/* IEEE half precision, to the nearest, ties to even; beyond 65504 infinity, NaN stays NaN. */
static __device__ __forceinline__ unsigned short sgq_half(float x) {
  unsigned bits = __float_as_uint(x);
  unsigned sign = bits >> 16 & 0x8000u;
  unsigned magnitude = bits & 0x7fffffffu;
  if (magnitude >= 0x47800000u) return (unsigned short)(sign | (magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u));
  /* Below 2^-14 halves are multiples of 2^-24. */
  if (magnitude < 0x38800000u) return (unsigned short)(sign | __float2uint_rn(fabsf(x) * 16777216.0f));
  unsigned nearest = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return (unsigned short)(sign | (nearest - 0x38000000u) >> 13);
}

/* The upper half of a float, to the nearest, ties to even; NaN stays NaN. */
static __device__ __forceinline__ unsigned short sgq_bfloat(float x) {
  unsigned bits = __float_as_uint(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (unsigned short)(bits >> 16 | 0x40u);
  return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* out_i,j = x_i,j, rows `x_stride` and `out_stride` elements apart; out float (type 0), half (1) or bfloat16 (2). */
extern "C" __global__ void __launch_bounds__(256)
    cast_rows_f32(const float *x, void *out, int rows, int cols, int x_stride, int out_stride, int type) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= (long long)rows * cols) return;
  long long row = i / cols, column = i % cols, to = row * out_stride + column;
  float value = x[row * x_stride + column];
  if (type == 0) {
    static_cast<float *>(out)[to] = value;
  } else {
    static_cast<unsigned short *>(out)[to] = type == 1 ? sgq_half(value) : sgq_bfloat(value);
  }
}
