/*
 * Small floats and the powers of two that 32 columns of a row share, the bits that org.sgquant.tensor.FloatFormat
 * promises. A format is one int: the code of its largest value << 8 | exponent bits << 4 | mantissa bits.
 */
#ifndef SGQ_FLOATS_CUH
#define SGQ_FLOATS_CUH

#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

/* Columns that share a scale. */
#define SGQ_FLOAT_BLOCK 32

/*
 * What codes stand for: their bits where a float has them, times the power of two by which the biases differ. Subnormal
 * codes are subnormal floats until then, which a GPU multiplies like any other.
 */
struct SgqFloatValues {
  int up;    // from the sign of a code to that of a float
  int down;  // from the top of a float's exponent to that of a code
  float unit;

  __device__ __forceinline__ explicit SgqFloatValues(int format) {
    int exponent = format >> 4 & 15;
    up = 31 - exponent - (format & 15);
    down = 8 - exponent;
    unit = __int_as_float((255 - (1 << (exponent - 1))) << 23);
  }

  __device__ __forceinline__ float operator()(unsigned code) const {
    unsigned bits = code << up;
    return __int_as_float((int)((bits & 0x7fffffffu) >> down | (bits & 0x80000000u))) * unit;
  }

  __device__ __forceinline__ float4 operator()(uint4 u) const {
    return make_float4((*this)(u.x), (*this)(u.y), (*this)(u.z), (*this)(u.w));
  }
};

/* Codes of floats. */
struct SgqFloats {
  int format;
  int mantissa;     // bits
  int sign;         // the bit of a code
  int least_field;  // exponent field of the least normal value, as it stands in a float
  int top;          // code of the largest value

  __device__ __forceinline__ explicit SgqFloats(int format)
      : format(format),
        mantissa(format & 15),
        sign(1 << ((format >> 4 & 15) + mantissa)),
        least_field((129 - (1 << ((format >> 4 & 15) - 1))) << 23),
        top(format >> 8) {}

  __device__ __forceinline__ float largest() const {
    return SgqFloatValues(format)((unsigned)top);
  }

  /* |t|, at most the largest value; NaN stays NaN. */
  __device__ __forceinline__ float clamped(float t) const {
    float magnitude = fabsf(t);
    return magnitude >= largest() ? largest() : magnitude;
  }

  __device__ __forceinline__ int field(float magnitude) const {
    return max(__float_as_int(magnitude) & 0x7f800000, least_field);
  }

  /* Difference of neighbouring values about a magnitude. */
  __device__ __forceinline__ float step(float magnitude) const {
    return __int_as_float(field(magnitude) - (mantissa << 23));
  }

  /* The value nearest to t, half to even. */
  __device__ __forceinline__ float nearest(float t) const {
    float magnitude = clamped(t);
    return copysignf(rintf(magnitude / step(magnitude)) * step(magnitude), t);
  }

  /* The value below or above t, above where `uniform` is less than the fraction. */
  __device__ __forceinline__ float randomly_rounded(float t, float uniform) const {
    float magnitude = clamped(t);
    float units = magnitude / step(magnitude);
    float whole = floorf(units);
    return copysignf((uniform < units - whole ? whole + 1 : whole) * step(magnitude), t);
  }

  /* Code of the nearest value; rounded up to the next power of two, the significand carries into the exponent. */
  __device__ __forceinline__ unsigned code(float t) const {
    float magnitude = clamped(t);
    int binade = (field(magnitude) - least_field) >> (23 - mantissa);
    unsigned code = (unsigned)binade + __float2uint_rz(rintf(magnitude / step(magnitude)));
    return __float_as_int(t) < 0 ? code | (unsigned)sign : code;
  }

  /* Code of the scale of 32 columns of this largest magnitude. */
  __device__ __forceinline__ int scale_code(float largest) const {
    if (largest == 0) return 127;
    int half_gap = ((1 << mantissa) - (top & ((1 << mantissa) - 1))) << (22 - mantissa);
    int largest_exponent = (top >> mantissa) + (least_field >> 23) - 128;
    int field = min((int)((unsigned)(__float_as_int(largest) + half_gap) >> 23), 254);
    return max(field - largest_exponent, 0);
  }
};

/* Scales of a row. */
__device__ __forceinline__ int sgq_float_scales(int cols) {
  return (cols + SGQ_FLOAT_BLOCK - 1) / SGQ_FLOAT_BLOCK;
}

/* Scale of column c of the row_in_block-th row of a block of floats: 2^(code - 127). */
__device__ __forceinline__ float sgq_float_scale(const SgqBlock &block, int cols, int row_in_block, int c) {
  long long at = (long long)row_in_block * sgq_float_scales(cols) + c / SGQ_FLOAT_BLOCK;
  int code = __ldg(block.row_codes + at);
  return __int_as_float(code == 0 ? 1 << 22 : code << 23);
}

#endif
