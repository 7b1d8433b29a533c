/*
 * Fake quantization, float in and float out, over the rows of all blocks of a scheme:
 * org.sgquant.kernels.PackedOps. A quad per thread; outputs may be inputs.
 */
#include "sgq/quantizer.cuh"
#include "sgq/random.cuh"

namespace sgq_fake_quantize {

constexpr int BLOCK = 256;

/* The quad that this thread takes in the rows of all blocks. */
struct SchemeQuad : SgqQuad {
  int block;
  long long at;

  __device__ __forceinline__ explicit SchemeQuad(const SgqPacked &scheme) : SgqQuad(scheme.cols) {
    block = sgq_block_of(scheme, row);
    at = (long long)row * sgq_stride(scheme.cols) + column;
  }

  __device__ __forceinline__ bool exists(const SgqPacked &scheme) const {
    return row < scheme.block[scheme.blocks - 1].row_end;
  }
};

/* A quad of a block of floats: its values divided by their scale. */
struct FloatQuad {
  SgqFloats floats;
  float scale;
  float4 t;

  __device__ __forceinline__ FloatQuad(const SgqPacked &scheme, const SgqBlock &block, const SchemeQuad &quad, float4 v)
      : floats(block.format), scale(sgq_float_scale(block, scheme.cols, quad.row - block.row_start, quad.column)) {
    t = make_float4(v.x / scale, v.y / scale, v.z / scale, v.w / scale);
  }

  __device__ __forceinline__ float4 nearest() const {
    return make_float4(scale * floats.nearest(t.x), scale * floats.nearest(t.y), scale * floats.nearest(t.z),
                       scale * floats.nearest(t.w));
  }

  __device__ __forceinline__ float4 randomly_rounded(unsigned long long key, unsigned index) const {
    return make_float4(scale * floats.randomly_rounded(t.x, sgq_random_uniform(key, index)),
                       scale * floats.randomly_rounded(t.y, sgq_random_uniform(key, index + 1)),
                       scale * floats.randomly_rounded(t.z, sgq_random_uniform(key, index + 2)),
                       scale * floats.randomly_rounded(t.w, sgq_random_uniform(key, index + 3)));
  }

  /* g where t is at most the largest value, else 0. */
  __device__ __forceinline__ float4 inside(float4 g) const {
    float last = floats.largest();
    return make_float4(fabsf(t.x) <= last ? g.x : 0, fabsf(t.y) <= last ? g.y : 0, fabsf(t.z) <= last ? g.z : 0,
                       fabsf(t.w) <= last ? g.w : 0);
  }
};

/* floor(t) + [uniform < t - floor(t)], t clamped; the difference is exact, so a whole t never moves. */
__device__ __forceinline__ float randomly_rounded(float t, float max_code, float uniform) {
  float clamped = sgq_clamped(t, max_code);
  float whole = floorf(clamped);
  return uniform < clamped - whole ? whole + 1 : whole;
}

}  // namespace sgq_fake_quantize

/* out = fma(scale, u, offset), u the code of x; 32-bit blocks are copied. */
extern "C" __global__ void __launch_bounds__(sgq_fake_quantize::BLOCK)
    fake_quantize_f32(const float *x, const SgqPacked scheme, float *out) {
  using namespace sgq_fake_quantize;
  SchemeQuad quad(scheme);
  if (!quad.exists(scheme)) return;
  const SgqBlock &block = scheme.block[quad.block];
  float4 v = sgq_load_quad(x, quad.at);
  if (block.format != 0) {
    v = FloatQuad(scheme, block, quad, v).nearest();
  } else if (block.bits < 32) {
    SgqParams params = sgq_params(scheme, block, quad.row - block.row_start, quad.column);
    v = sgq_dequantized(sgq_rounded(sgq_normalised(v, params), sgq_max_code(block.bits), scheme.rounding),
                        params);
  }
  sgq_store_quad(out, quad.at, v);
}

/* out = fma(scale, u, offset), u the code of x rounded up with the probability of its fraction. */
extern "C" __global__ void __launch_bounds__(sgq_fake_quantize::BLOCK)
    fake_quantize_stochastic_f32(const float *x, const SgqPacked scheme, const SgqStepState *state,
                                 int stream, float *out) {
  using namespace sgq_fake_quantize;
  SchemeQuad quad(scheme);
  if (!quad.exists(scheme)) return;
  const SgqBlock &block = scheme.block[quad.block];
  float4 v = sgq_load_quad(x, quad.at);
  unsigned long long key = sgq_random_key(state, stream);
  unsigned index = (unsigned)quad.row * (unsigned)scheme.cols + (unsigned)quad.column;
  if (block.format != 0) {
    v = FloatQuad(scheme, block, quad, v).randomly_rounded(key, index);
  } else if (block.bits < 32) {
    SgqParams params = sgq_params(scheme, block, quad.row - block.row_start, quad.column);
    float4 t = sgq_normalised(v, params);
    float max_code = sgq_max_code(block.bits);
    float4 u = make_float4(randomly_rounded(t.x, max_code, sgq_random_uniform(key, index)),
                           randomly_rounded(t.y, max_code, sgq_random_uniform(key, index + 1)),
                           randomly_rounded(t.z, max_code, sgq_random_uniform(key, index + 2)),
                           randomly_rounded(t.w, max_code, sgq_random_uniform(key, index + 3)));
    v = sgq_dequantized(u, params);
  }
  sgq_store_quad(out, quad.at, v);
}

/* grad_x = 0 <= (x - offset) / scale <= 2^q - 1 ? grad_y : 0. */
extern "C" __global__ void __launch_bounds__(sgq_fake_quantize::BLOCK)
    fake_quantize_backward_f32(const float *x, const SgqPacked scheme, const float *grad_y, float *grad_x) {
  using namespace sgq_fake_quantize;
  SchemeQuad quad(scheme);
  if (!quad.exists(scheme)) return;
  const SgqBlock &block = scheme.block[quad.block];
  float4 g = sgq_load_quad(grad_y, quad.at);
  if (block.format != 0) {
    g = FloatQuad(scheme, block, quad, sgq_load_quad(x, quad.at)).inside(g);
  } else if (block.bits < 32) {
    SgqParams params = sgq_params(scheme, block, quad.row - block.row_start, quad.column);
    float4 t = sgq_normalised(sgq_load_quad(x, quad.at), params);
    float last = sgq_max_code(block.bits);
    g = make_float4(t.x >= 0 && t.x <= last ? g.x : 0, t.y >= 0 && t.y <= last ? g.y : 0,
                    t.z >= 0 && t.z <= last ? g.z : 0, t.w >= 0 && t.w <= last ? g.w : 0);
  }
  sgq_store_quad(grad_x, quad.at, g);
}
