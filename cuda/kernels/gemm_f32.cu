/*
 * c = op(a) op(b) in float32, each output one chain acc = fma(a, b, acc) from 0 with k ascending:
 * org.sgquant.kernels.DenseOps.
 *
 * A block of 256 threads makes a tile of 64 x 64 outputs, 4 x 4 per thread, from slices of 16 k that pass
 * through shared memory. Shared memory holds both operands k first, so a thread reads a quad of each per k.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_gemm_f32 {

constexpr int BLOCK = 256;
constexpr int TILE = 64;
constexpr int SLICE = 16;

/* Floats from one k to the next in shared memory: a quad more than a tile, so that transposing stores meet
 * few banks in conflict. */
constexpr int PITCH = TILE + 4;

/* Slice [k, k + 16) of 64 rows of op(a), or columns of op(b), from `first` on, which are rows of x. */
__device__ __forceinline__ void load_across(const float *x, int rows, int first, int k, int depth,
                                            float *tile) {
  int row = (int)threadIdx.x / 4;
  int quad = (int)threadIdx.x % 4 * 4;
  float4 v = sgq_quad(0);
  if (first + row < rows && k + quad < depth) {
    v = sgq_load_quad(x + (long long)(first + row) * sgq_stride(depth), k + quad);
  }
  tile[quad * PITCH + row] = v.x;
  tile[(quad + 1) * PITCH + row] = v.y;
  tile[(quad + 2) * PITCH + row] = v.z;
  tile[(quad + 3) * PITCH + row] = v.w;
}

/* The same where they are columns of x. */
__device__ __forceinline__ void load_along(const float *x, int columns, int first, int k, int depth,
                                           float *tile) {
  int row = (int)threadIdx.x / 16;
  int quad = (int)threadIdx.x % 16 * 4;
  float4 v = sgq_quad(0);
  if (k + row < depth && first + quad < columns) {
    v = sgq_load_quad(x + (long long)(k + row) * sgq_stride(columns), first + quad);
  }
  sgq_store_quad(tile + row * PITCH, quad, v);
}

/* acc = fma(a, b, acc) for a quad of columns. */
__device__ __forceinline__ void add_products(float4 &acc, float a, float4 b) {
  acc.x = fmaf(a, b.x, acc.x);
  acc.y = fmaf(a, b.y, acc.y);
  acc.z = fmaf(a, b.z, acc.z);
  acc.w = fmaf(a, b.w, acc.w);
}

/*
 * Tile blockIdx.x of rows and blockIdx.y of columns over the k of [part * chunk, (part + 1) * chunk), where
 * blockIdx.y = column tile * parts + part; c is the part-th of `parts` matrices m x n.
 */
template <bool TRANSPOSE_A, bool TRANSPOSE_B>
__device__ __forceinline__ void gemm(const float *a, const float *b, float *c, int m, int n, int depth,
                                     int chunk) {
  SGQ_SHARED(float4, left_quads, SLICE * PITCH / 4);
  SGQ_SHARED(float4, right_quads, SLICE * PITCH / 4);
  float *left = &left_quads[0].x;
  float *right = &right_quads[0].x;
  int parts = max(1, sgq_ceil_div(depth, chunk));
  int part = (int)blockIdx.y % parts;
  int first_row = (int)blockIdx.x * TILE;
  int first_col = (int)blockIdx.y / parts * TILE;
  int end = min(depth, (part + 1) * chunk);
  int row = (int)threadIdx.x / 16 * 4;
  int col = (int)threadIdx.x % 16 * 4;
  bool used = first_row + row < m && first_col + col < n;
  float4 acc[4] = {sgq_quad(0), sgq_quad(0), sgq_quad(0), sgq_quad(0)};
  for (int k = part * chunk; k < end; k += SLICE) {
    if (TRANSPOSE_A) {
      load_along(a, m, first_row, k, depth, left);
    } else {
      load_across(a, m, first_row, k, depth, left);
    }
    if (TRANSPOSE_B) {
      load_across(b, n, first_col, k, depth, right);
    } else {
      load_along(b, n, first_col, k, depth, right);
    }
    __syncthreads();
    int slice = used ? min(SLICE, end - k) : 0;
#pragma unroll 4
    for (int i = 0; i < slice; i++) {
      float4 p = sgq_load_quad(left + i * PITCH, row);
      float4 q = sgq_load_quad(right + i * PITCH, col);
      add_products(acc[0], p.x, q);
      add_products(acc[1], p.y, q);
      add_products(acc[2], p.z, q);
      add_products(acc[3], p.w, q);
    }
    __syncthreads();
  }
  if (!used) return;
  float *out = c + (long long)part * m * sgq_stride(n) + first_col + col;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int r = first_row + row + i;
    if (r < m) sgq_store_quad(out, (long long)r * sgq_stride(n), acc[i]);
  }
}

}  // namespace sgq_gemm_f32

#define SGQ_GEMM(form, transpose_a, transpose_b)                                                  \
  extern "C" __global__ void __launch_bounds__(sgq_gemm_f32::BLOCK)                               \
      gemm_f32_##form(const float *a, const float *b, float *c, int m, int n, int k, int chunk) { \
    sgq_gemm_f32::gemm<transpose_a, transpose_b>(a, b, c, m, n, k, chunk);                        \
  }

SGQ_GEMM(nn, false, false)
SGQ_GEMM(nt, false, true)
SGQ_GEMM(tn, true, false)
SGQ_GEMM(tt, true, true)
#undef SGQ_GEMM
