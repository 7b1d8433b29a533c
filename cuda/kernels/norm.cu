/*
 * Batch norm over rows and layer norm within each row: org.sgquant.kernels.NormOps. Column sums go a chunk of
 * rows per block and are added up by sum_rows_f32; layer norm takes a thread per row, in double.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_norm {

constexpr float EPSILON = 1e-5f;
constexpr float MOMENTUM = 0.1f;

/* Mean and 1 / sqrt(variance + epsilon) of a row, columns ascending. */
struct Row {
  double mean;
  double inverse;

  __device__ __forceinline__ Row(const float *x, int cols) {
    double sum = 0;
    for (int j = 0; j < cols; j++) sum += x[j];
    mean = sum / cols;
    double squares = 0;
    for (int j = 0; j < cols; j++) {
      double deviation = x[j] - mean;
      squares += deviation * deviation;
    }
    inverse = 1 / sqrt(squares / cols + EPSILON);
  }

  __device__ __forceinline__ double quotient(float x) const {
    return (x - mean) * inverse;
  }
};

__device__ __forceinline__ void follow(float *running, int j, double value) {
  running[j] = (float)((1 - MOMENTUM) * (double)running[j] + MOMENTUM * value);
}

}  // namespace sgq_norm

/*
 * sums[blockIdx.x][j] = sum of count_i * x_ij, or where center is given of count_i * (x_ij - center_j)^2, over
 * rows blockIdx.x * chunk .., i ascending from 0; rows and sums of `width` floats, counts null for ones.
 */
extern "C" __global__ void __launch_bounds__(128)
    batch_norm_sums_f32(const float *x, const float *counts, const float *center, int rows, long long width,
                        int chunk, float *sums) {
  long long j = (long long)blockIdx.y * blockDim.x + threadIdx.x;
  if (j >= width) return;
  int start = (int)blockIdx.x * chunk;
  int end = min(rows, start + chunk);
  float mean = center == nullptr ? 0 : center[j];
  float sum = 0;
  for (int i = start; i < end; i++) {
    float deviation = x[i * width + j] - mean;
    float count = counts == nullptr ? 1 : counts[i];
    sum = fmaf(center == nullptr ? count : count * deviation, deviation, sum);
  }
  sums[blockIdx.x * width + j] = sum;
}

/* sums[blockIdx.x][j] = sum of grad_ij * z_ij over the rows of the chunk, z = (x - mean) * inverse. */
extern "C" __global__ void __launch_bounds__(128)
    batch_norm_products_f32(const float *x, const float *moments, const float *grad_y, int rows, long long width,
                            int chunk, float *sums) {
  long long j = (long long)blockIdx.y * blockDim.x + threadIdx.x;
  if (j >= width) return;
  int start = (int)blockIdx.x * chunk;
  int end = min(rows, start + chunk);
  float mean = moments[j];
  float inverse = moments[width + j];
  float sum = 0;
  for (int i = start; i < end; i++) {
    sum = fmaf((x[i * width + j] - mean) * inverse, grad_y[i * width + j], sum);
  }
  sums[blockIdx.x * width + j] = sum;
}

/* mean_j /= total. */
extern "C" __global__ void __launch_bounds__(128) batch_norm_mean_f32(float *mean, int cols, double total) {
  int j = (int)sgq_thread();
  if (j < cols) mean[j] = (float)(mean[j] / total);
}

/* From mean (row 0) and sum of squares (row 1) the moments of NormOps; the running statistics follow. */
extern "C" __global__ void __launch_bounds__(128)
    batch_norm_moments_f32(const float *gamma, const float *beta, float *running_mean, float *running_variance,
                           float *moments, int cols, double total) {
  using namespace sgq_norm;
  int j = (int)sgq_thread();
  if (j >= cols) return;
  long long stride = sgq_stride(cols);
  float mean = moments[j];
  float squares = moments[stride + j];
  follow(running_mean, j, mean);
  follow(running_variance, j, squares / (total > 2 ? total - 1 : 1));
  float inverse = (float)(1 / sqrt(squares / total + EPSILON));
  float scale = gamma[j] * inverse;
  moments[stride + j] = inverse;
  moments[2 * stride + j] = scale;
  moments[3 * stride + j] = fmaf(-mean, scale, beta[j]);
}

/* coefficients = (gamma / sqrt(variance + epsilon), fma(-mean, that, beta)). */
extern "C" __global__ void __launch_bounds__(128)
    batch_norm_coefficients_f32(const float *gamma, const float *beta, const float *mean, const float *variance,
                                float *coefficients, int cols) {
  int j = (int)sgq_thread();
  if (j >= cols) return;
  float scale = gamma[j] / sqrtf(variance[j] + sgq_norm::EPSILON);
  coefficients[j] = scale;
  coefficients[sgq_stride(cols) + j] = fmaf(-mean[j], scale, beta[j]);
}

/* out_ij = fma(x_ij, coefficients_0j, coefficients_1j). */
extern "C" __global__ void __launch_bounds__(256)
    column_affine_f32(const float *x, const float *coefficients, float *out, int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long at = (long long)quad.row * sgq_stride(cols) + quad.column;
  float4 v = sgq_load_quad(x, at);
  float4 a = sgq_load_quad(coefficients, quad.column);
  float4 b = sgq_load_quad(coefficients, sgq_stride(cols) + quad.column);
  sgq_store_quad(out, at,
                 make_float4(fmaf(v.x, a.x, b.x), fmaf(v.y, a.y, b.y), fmaf(v.z, a.z, b.z), fmaf(v.w, a.w, b.w)));
}

/* grad_x_ij = scale_j * (grad_y_ij - count_i * part * (grad_beta_j + z_ij * grad_gamma_j)); counts null for ones. */
extern "C" __global__ void __launch_bounds__(256)
    batch_norm_backward_f32(const float *x, const float *counts, float part, const float *moments,
                            const float *grad_y, const float *grad_gamma, const float *grad_beta, float *grad_x,
                            int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  int stride = sgq_stride(cols);
  long long at = (long long)quad.row * stride + quad.column;
  float share = counts == nullptr ? -part : -part * counts[quad.row];
  float4 v = sgq_load_quad(x, at);
  float4 mean = sgq_load_quad(moments, quad.column);
  float4 inverse = sgq_load_quad(moments, stride + quad.column);
  float4 scale = sgq_load_quad(moments, 2 * stride + quad.column);
  float4 g = sgq_load_quad(grad_y, at);
  float4 gamma = sgq_load_quad(grad_gamma, quad.column);
  float4 beta = sgq_load_quad(grad_beta, quad.column);
  g.x = scale.x * fmaf(fmaf((v.x - mean.x) * inverse.x, gamma.x, beta.x), share, g.x);
  g.y = scale.y * fmaf(fmaf((v.y - mean.y) * inverse.y, gamma.y, beta.y), share, g.y);
  g.z = scale.z * fmaf(fmaf((v.z - mean.z) * inverse.z, gamma.z, beta.z), share, g.z);
  g.w = scale.w * fmaf(fmaf((v.w - mean.w) * inverse.w, gamma.w, beta.w), share, g.w);
  sgq_store_quad(grad_x, at, g);
}

/* out_ij = fma(gamma_j, quotient_ij, beta_j). */
extern "C" __global__ void __launch_bounds__(128)
    layer_norm_f32(const float *x, const float *gamma, const float *beta, float *out, int rows, int cols) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  long long at = (long long)i * sgq_stride(cols);
  sgq_norm::Row row(x + at, cols);
  for (int j = 0; j < cols; j++) out[at + j] = fmaf(gamma[j], (float)row.quotient(x[at + j]), beta[j]);
}

/* products_ij = grad_y_ij * quotient_ij, whose column sums are the gradient of gamma. */
extern "C" __global__ void __launch_bounds__(128)
    layer_norm_products_f32(const float *x, const float *grad_y, float *products, int rows, int cols) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  long long at = (long long)i * sgq_stride(cols);
  sgq_norm::Row row(x + at, cols);
  for (int j = 0; j < cols; j++) products[at + j] = (float)(grad_y[at + j] * row.quotient(x[at + j]));
}

/* grad_x_ij = (h_ij - mean(h_i) - quotient_ij * mean(h_i * quotient_i)) * inverse, h = gamma * grad_y. */
extern "C" __global__ void __launch_bounds__(128)
    layer_norm_backward_f32(const float *x, const float *gamma, const float *grad_y, float *grad_x, int rows,
                            int cols) {
  int i = (int)sgq_thread();
  if (i >= rows) return;
  long long at = (long long)i * sgq_stride(cols);
  sgq_norm::Row row(x + at, cols);
  double sum_h = 0;
  double sum_hz = 0;
  for (int j = 0; j < cols; j++) {
    double h = (double)gamma[j] * grad_y[at + j];
    sum_h += h;
    sum_hz += h * row.quotient(x[at + j]);
  }
  double mean_h = sum_h / cols;
  double mean_hz = sum_hz / cols;
  for (int j = 0; j < cols; j++) {
    double h = (double)gamma[j] * grad_y[at + j];
    grad_x[at + j] = (float)((h - mean_h - row.quotient(x[at + j]) * mean_hz) * row.inverse);
  }
}
