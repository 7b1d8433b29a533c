/*
 * Weights as sums of signs with coordinates per column: org.sgquant.kernels.MultibitOps. Codes and levels are compared
 * and added in float32 in one order, so they have the bits of the hosts'.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"
#include "sgq/reduce.cuh"

namespace sgq_multibit {

constexpr int BLOCK = 256;
constexpr int MAX_PLANES = 4;

/* A row of the normal equations: factors, then the right side. */
constexpr int WIDTH = MAX_PLANES + 1;

/* +-a_1 +- a_2 ..., signs those of the code. */
__device__ __forceinline__ float level(float4 a, int planes, int code) {
  float sum = code & 1 ? a.x : -a.x;
  if (planes > 1) sum += code & 2 ? a.y : -a.y;
  if (planes > 2) sum += code & 4 ? a.z : -a.z;
  if (planes > 3) sum += code & 8 ? a.w : -a.w;
  return sum;
}

/* Code of the level nearest to x, the lowest of those equally near. */
__device__ __forceinline__ int nearest(float x, float4 a, int planes) {
  int best = 0;
  float distance = fabsf(x - level(a, planes, 0));
  for (int code = 1; code < 1 << planes; code++) {
    float other = fabsf(x - level(a, planes, code));
    if (other < distance) {
      distance = other;
      best = code;
    }
  }
  return best;
}

/* Coordinates of column c; a stride lies between those of two planes. */
__device__ __forceinline__ float4 coordinates_of(const float *a, int planes, long long stride, int c) {
  return make_float4(a[c], planes > 1 ? a[stride + c] : 0, planes > 2 ? a[2 * stride + c] : 0,
                     planes > 3 ? a[3 * stride + c] : 0);
}

/* Sum over the threads of the block, for all of them. */
__device__ __forceinline__ double block_sum(double *values, double mine) {
  values[threadIdx.x] = mine;
  sgq_fold_block<BLOCK, 16>(values, [](double p, double q) { return p + q; });
  __syncthreads();
  double sum = values[0];
  __syncthreads();
  return sum;
}

/* Magnitudes of a in descending order; one thread. */
__device__ __forceinline__ void sort(float *a, int planes) {
  for (int i = 0; i < planes; i++) {
    float next = fabsf(a[i]);
    int k = i;
    for (; k > 0 && next > a[k - 1]; k--) a[k] = a[k - 1];
    a[k] = next;
  }
}

/*
 * Solves the normal equations by elimination without exchange, into a; one thread. A pivot is the squared distance of
 * its plane from the span of those before it: below least_pivot it is in there, and its coordinate is 0. Not unrolled:
 * the double divisions are calls, around which unrolled addresses would spill.
 */
__device__ __forceinline__ void solve(double *m, int planes, double least_pivot, float *a) {
#pragma unroll 1
  for (int i = 0; i < planes; i++) {
    double pivot = m[i * WIDTH + i];
    if (pivot < least_pivot) continue;
#pragma unroll 1
    for (int j = i + 1; j < planes; j++) {
      double factor = m[j * WIDTH + i] / pivot;
#pragma unroll 1
      for (int c = i; c < planes; c++) m[j * WIDTH + c] -= factor * m[i * WIDTH + c];
      m[j * WIDTH + MAX_PLANES] -= factor * m[i * WIDTH + MAX_PLANES];
    }
  }
#pragma unroll 1
  for (int i = planes - 1; i >= 0; i--) {
    double rest = m[i * WIDTH + MAX_PLANES];
    for (int j = i + 1; j < planes; j++) rest -= m[i * WIDTH + j] * m[j * WIDTH + MAX_PLANES];
    double pivot = m[i * WIDTH + i];
    m[i * WIDTH + MAX_PLANES] = pivot < least_pivot ? 0 : rest / pivot;
    a[i] = (float)m[i * WIDTH + MAX_PLANES];
  }
}

/* Normal equations of the least squares given the codes nearest under a, into m. */
__device__ __forceinline__ void normal_equations(const float *x, int rows, int cols, float4 a, int planes,
                                                 double *values, double *m) {
  double right[MAX_PLANES] = {0, 0, 0, 0};
  int agree[MAX_PLANES * (MAX_PLANES - 1) / 2] = {0, 0, 0, 0, 0, 0};
  for (int r = (int)threadIdx.x; r < rows; r += BLOCK) {
    float w = x[(long long)r * sgq_stride(cols) + blockIdx.x];
    int code = nearest(w, a, planes);
    int pair = 0;
#pragma unroll
    for (int i = 0; i < MAX_PLANES; i++) {
      right[i] += code >> i & 1 ? w : -w;
#pragma unroll
      for (int j = 0; j < i; j++) agree[pair++] += (code >> i ^ code >> j) & 1 ? -1 : 1;
    }
  }
  int pair = 0;
#pragma unroll
  for (int i = 0; i < MAX_PLANES; i++) {
    if (i >= planes) break;
    double sum = block_sum(values, right[i]);
    if (threadIdx.x == 0) {
      m[i * WIDTH + MAX_PLANES] = sum;
      m[i * WIDTH + i] = rows;
    }
#pragma unroll
    for (int j = 0; j < i; j++) {
      double both = block_sum(values, agree[pair++]);
      if (threadIdx.x == 0) m[i * WIDTH + j] = m[j * WIDTH + i] = both;
    }
  }
}

}  // namespace sgq_multibit

/*
 * coordinates = those of least squared error of column blockIdx.x, by alternation: greedy from what is left of x, then
 * at most `rounds` times nearest codes and least squares.
 */
extern "C" __global__ void __launch_bounds__(sgq_multibit::BLOCK)
    multibit_f32_column(const float *x, int rows, int cols, int planes, int rounds, double least_pivot,
                        float *coordinates, unsigned long long *error, int site) {
  using namespace sgq_multibit;
  SGQ_SHARED(double, values, BLOCK);
  SGQ_SHARED(double, m, MAX_PLANES * WIDTH);
  SGQ_SHARED(float, a, MAX_PLANES);
  SGQ_SHARED(float, before, MAX_PLANES);
  int column = (int)blockIdx.x;
  for (int i = 0; i < planes; i++) {
    double sum = 0;
    for (int r = (int)threadIdx.x; r < rows; r += BLOCK) {
      float rest = x[(long long)r * sgq_stride(cols) + column];
      if (i == 0) sgq_require_finite(rest, error, site, (long long)r * cols + column);
      for (int j = 0; j < i; j++) rest = rest > 0 ? rest - a[j] : rest + a[j];
      sum += fabsf(rest);
    }
    double total = block_sum(values, sum);
    if (threadIdx.x == 0) a[i] = rows == 0 ? 0 : (float)(total / rows);
    __syncthreads();
  }
  if (threadIdx.x == 0) sort(a, planes);
  __syncthreads();
  for (int round = 0; round < rounds; round++) {
    normal_equations(x, rows, cols, coordinates_of(a, planes, 1, 0), planes, values, m);
    if (threadIdx.x == 0) {
      for (int i = 0; i < planes; i++) before[i] = a[i];
      solve(m, planes, least_pivot, a);
      sort(a, planes);
    }
    __syncthreads();
    bool changed = false;
    for (int i = 0; i < planes; i++) changed |= a[i] != before[i];
    if (!changed) break;
  }
  if ((int)threadIdx.x < planes) coordinates[(long long)threadIdx.x * sgq_stride(cols) + column] = a[threadIdx.x];
}

/* out = code of the level nearest to x. */
extern "C" __global__ void __launch_bounds__(256)
    encode_multibit_f32(const float *x, const float *coordinates, int planes, float *out, int rows, int cols) {
  using namespace sgq_multibit;
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long stride = sgq_stride(cols), at = quad.row * stride + quad.column;
  float4 v = sgq_load_quad(x, at);
  const float *a = coordinates + quad.column;
  sgq_store_quad(out, at,
                 make_float4((float)nearest(v.x, coordinates_of(a, planes, stride, 0), planes),
                             (float)nearest(v.y, coordinates_of(a, planes, stride, 1), planes),
                             (float)nearest(v.z, coordinates_of(a, planes, stride, 2), planes),
                             (float)nearest(v.w, coordinates_of(a, planes, stride, 3), planes)));
}

/* out = level of the code. */
extern "C" __global__ void __launch_bounds__(256)
    decode_multibit_f32(const float *codes, const float *coordinates, int planes, float *out, int rows, int cols) {
  using namespace sgq_multibit;
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long stride = sgq_stride(cols), at = quad.row * stride + quad.column;
  float4 v = sgq_load_quad(codes, at);
  const float *a = coordinates + quad.column;
  sgq_store_quad(out, at,
                 make_float4(level(coordinates_of(a, planes, stride, 0), planes, __float2int_rz(v.x)),
                             level(coordinates_of(a, planes, stride, 1), planes, __float2int_rz(v.y)),
                             level(coordinates_of(a, planes, stride, 2), planes, __float2int_rz(v.z)),
                             level(coordinates_of(a, planes, stride, 3), planes, __float2int_rz(v.w))));
}
