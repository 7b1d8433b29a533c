/*
 * Activations of attention models and L2 normalisation of rows, with their gradients:
 * org.sgquant.kernels.AttentionOps. A quad of 16 bytes per thread, padding computed along; of row norms a row
 * per thread, since its sums are chains in the order of the hosts.
 */
#include "sgq/exp.cuh"
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_activation {

/* f(x) for each of a quad. */
template <typename F>
__device__ __forceinline__ float4 map(float4 x, const F &f) {
  return make_float4(f(x.x), f(x.y), f(x.z), f(x.w));
}

/* f(x, y) for each of a quad. */
template <typename F>
__device__ __forceinline__ float4 map(float4 x, float4 y, const F &f) {
  return make_float4(f(x.x, y.x), f(x.y, y.y), f(x.z, y.z), f(x.w, y.w));
}

__device__ __forceinline__ float norm(const float *x, int cols) {
  float sum = 0;
  for (int c = 0; c < cols; c++) sum = fmaf(x[c], x[c], sum);
  return sqrtf(sum);
}

}  // namespace sgq_activation

/* out = x > 0 ? x : slope * x. */
extern "C" __global__ void __launch_bounds__(256)
    leaky_relu_f32(const float *x, float slope, float *out, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  sgq_store_quad(out, i, sgq_activation::map(sgq_load_quad(x, i), [&](float v) {
                   return v > 0 ? v : slope * v;
                 }));
}

/* grad_x = y > 0 ? grad_y : slope * grad_y. */
extern "C" __global__ void __launch_bounds__(256)
    leaky_relu_backward_f32(const float *y, float slope, const float *grad_y, float *grad_x,
                            long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  sgq_store_quad(grad_x, i,
                 sgq_activation::map(sgq_load_quad(y, i), sgq_load_quad(grad_y, i),
                                     [&](float v, float g) { return v > 0 ? g : slope * g; }));
}

/* out = x > 0 ? x : exp(x) - 1. */
extern "C" __global__ void __launch_bounds__(256) elu_f32(const float *x, float *out, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  sgq_store_quad(out, i, sgq_activation::map(sgq_load_quad(x, i), [](float v) {
                   return v > 0 ? v : sgq_exp(v) - 1;
                 }));
}

/* grad_x = y > 0 ? grad_y : grad_y * (y + 1). */
extern "C" __global__ void __launch_bounds__(256)
    elu_backward_f32(const float *y, const float *grad_y, float *grad_x, long long quads) {
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  sgq_store_quad(grad_x, i,
                 sgq_activation::map(sgq_load_quad(y, i), sgq_load_quad(grad_y, i),
                                     [](float v, float g) { return v > 0 ? g : g * (v + 1); }));
}

/* out_i = x_i / |x_i|, zero where x_i is. */
extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_f32(const float *x, float *out, int rows, int cols) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  x += (long long)i * sgq_stride(cols);
  out += (long long)i * sgq_stride(cols);
  float length = sgq_activation::norm(x, cols);
  for (int c = 0; c < cols; c++) out[c] = length == 0 ? 0 : x[c] / length;
}

/* grad_x_i = (grad_y_i - y_i (y_i . grad_y_i)) / |x_i|, zero where x_i is. */
extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_backward_f32(const float *x, const float *grad_y, float *grad_x, int rows, int cols) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  long long at = (long long)i * sgq_stride(cols);
  x += at;
  grad_y += at;
  grad_x += at;
  float length = sgq_activation::norm(x, cols);
  float dot = 0;
  for (int c = 0; c < cols; c++) dot = fmaf(x[c] / length, grad_y[c], dot);
  for (int c = 0; c < cols; c++) {
    grad_x[c] = length == 0 ? 0 : fmaf(x[c] / length, -dot, grad_y[c]) / length;
  }
}
