/*
 * c = unpack(a) w in float32: org.sgquant.kernels.PackedOps.gemm. Each output is one chain
 * acc = fma(left, w_k, acc) from 0 with k ascending, left = fma(scale, code, offset) or the float; terms
 * whose left factor is 0 are skipped.
 *
 * A block of 256 threads makes a tile of 64 rows and 16, 32 or 64 columns from slices of 32 k that pass
 * through shared memory, each code decoded once. Slices are filled up with zeros, skipped like any other.
 */
#include "sgq/codes.cuh"

namespace sgq_gemm_packed {

constexpr int BLOCK = 256;
constexpr int ROWS = 64;
constexpr int SLICE = 32;

/* Floats from row to row of the left slice: one quad more, so that rows read side by side meet in no bank. */
constexpr int PITCH = SLICE + 4;

/* Values k .. k + 3 of a row, 0 past the last column. */
__device__ __forceinline__ float4 left_quad(const SgqPacked &a, const SgqSource &source, int k) {
  if (source.block < 0 || k >= a.cols) return sgq_quad(0);
  const SgqBlock &block = a.block[source.block];
  float4 v;
  if (block.bits == 32) {
    v = sgq_float_quad(source.row, block.stride, k);
  } else {
    uint4 u = sgq_sections(block.bits) > 1 ? SgqQuadCodes<true>(block.bits, a.cols, k)(source.row)
                                           : SgqQuadCodes<false>(block.bits, a.cols, k)(source.row);
    v = sgq_dequantized(sgq_numbers(block, u), sgq_params(a, block, source.row_in_block, k));
  }
  int columns = a.cols - k;
  return make_float4(v.x, columns > 1 ? v.y : 0, columns > 2 ? v.z : 0, columns > 3 ? v.w : 0);
}

/* acc = fma(left, w, acc) unless left is 0. */
__device__ __forceinline__ void add_product(float4 &acc, float left, float4 w) {
  if (left != 0) acc = sgq_fma(left, w, acc);
}

__device__ __forceinline__ bool is_zero(float4 v) {
  return v.x == 0 && v.y == 0 && v.z == 0 && v.w == 0;
}

/* What tiles of COLUMNS columns leave to a thread: a quad of every GROUPS-th row. */
template <int COLUMNS>
struct Tile {
  static constexpr int QUADS = COLUMNS / 4;
  static constexpr int GROUPS = BLOCK / QUADS;
  static constexpr int PER_THREAD = ROWS / GROUPS;
};

/* Continues a thread's chains over a slice; left is its first row, right its quad of the first k. */
template <int COLUMNS>
__device__ __forceinline__ void add_slice(const float4 *left, const float4 *right,
                                          float4 (&acc)[Tile<COLUMNS>::PER_THREAD]) {
  using T = Tile<COLUMNS>;
#pragma unroll 2
  for (int i = 0; i < SLICE / 4; i++) {
    float4 v[T::PER_THREAD];
    bool nothing = true;
#pragma unroll
    for (int j = 0; j < T::PER_THREAD; j++) {
      v[j] = left[j * T::GROUPS * (PITCH / 4) + i];
      nothing = nothing && is_zero(v[j]);
    }
    if (nothing) continue; /* as mostly in bags of words */
    float4 w0 = right[4 * i * T::QUADS], w1 = right[(4 * i + 1) * T::QUADS];
    float4 w2 = right[(4 * i + 2) * T::QUADS], w3 = right[(4 * i + 3) * T::QUADS];
#pragma unroll
    for (int j = 0; j < T::PER_THREAD; j++) {
      add_product(acc[j], v[j].x, w0);
      add_product(acc[j], v[j].y, w1);
      add_product(acc[j], v[j].z, w2);
      add_product(acc[j], v[j].w, w3);
    }
  }
}

template <int COLUMNS>
__device__ __forceinline__ void gemm(const SgqPacked &a, const float *w, float *c, int rows, int n) {
  constexpr int QUADS = Tile<COLUMNS>::QUADS;
  constexpr int GROUPS = Tile<COLUMNS>::GROUPS;
  constexpr int PER_THREAD = Tile<COLUMNS>::PER_THREAD;
  SGQ_SHARED(SgqSource, sources, ROWS);
  SGQ_SHARED(float4, left, ROWS * PITCH / 4);
  SGQ_SHARED(float4, right, SLICE * QUADS);
  int first_row = (int)blockIdx.x * ROWS;
  int first_col = (int)blockIdx.y * COLUMNS;
  int quad = (int)threadIdx.x % QUADS;
  int group = (int)threadIdx.x / QUADS;
  if (threadIdx.x < ROWS) sources[threadIdx.x] = sgq_source_of(a, rows, first_row + (int)threadIdx.x);
  __syncthreads();
  float4 acc[PER_THREAD];
#pragma unroll
  for (int i = 0; i < PER_THREAD; i++) acc[i] = sgq_quad(0);
  for (int k = 0; k < a.cols; k += SLICE) {
#pragma unroll 1
    for (int i = (int)threadIdx.x; i < ROWS * SLICE / 4; i += BLOCK) {
      int row = i / (SLICE / 4), at = i % (SLICE / 4);
      left[row * (PITCH / 4) + at] = left_quad(a, sources[row], k + 4 * at);
    }
    for (int i = (int)threadIdx.x; i < SLICE * QUADS; i += BLOCK) {
      int row = k + i / QUADS, col = first_col + i % QUADS * 4;
      bool inside = row < a.cols && col < n;
      right[i] = inside ? sgq_load_quad(w + (long long)row * sgq_stride(n), col) : sgq_quad(0);
    }
    __syncthreads();
    add_slice<COLUMNS>(left + group * (PITCH / 4), right + quad, acc);
    __syncthreads();
  }
  if (first_col + 4 * quad >= n) return;
#pragma unroll
  for (int j = 0; j < PER_THREAD; j++) {
    int row = first_row + group + j * GROUPS;
    if (row < rows) sgq_store_quad(c + (long long)row * sgq_stride(n), first_col + 4 * quad, acc[j]);
  }
}

}  // namespace sgq_gemm_packed

#define SGQ_GEMM_PACKED(COLUMNS)                                                                   \
  extern "C" __global__ void __launch_bounds__(sgq_gemm_packed::BLOCK)                             \
      gemm_packed_##COLUMNS(const SgqPacked a, const float *w, float *c, int rows, int n) {        \
    sgq_gemm_packed::gemm<COLUMNS>(a, w, c, rows, n);                                              \
  }

SGQ_GEMM_PACKED(16)
SGQ_GEMM_PACKED(32)
SGQ_GEMM_PACKED(64)
#undef SGQ_GEMM_PACKED
