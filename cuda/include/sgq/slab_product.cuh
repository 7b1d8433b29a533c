/*
 * Product of a tile of rows by W, slab after slab of k: out_r = sum over k of t_rk * w_k, each output one
 * chain acc = fma(t, w, acc) from 0 with k ascending. Between slabs the chain waits in `out`.
 *
 * A block of 128 threads takes 32 rows. The slab of t stands in shared memory k first, so that a thread
 * reads the values of neighbouring rows at once; it makes 8, 4, 2 or 1 rows of a quad of columns, the
 * fewer the narrower W is.
 */
#ifndef SGQ_SLAB_PRODUCT_CUH
#define SGQ_SLAB_PRODUCT_CUH

#include "sgq/codes.cuh"

/* Threads of a block, rows of a tile, k of a slab. */
#define SGQ_SLAB_BLOCK 128
#define SGQ_SLAB_ROWS 32
#define SGQ_SLAB_DEPTH 128

/* Floats of shared memory for one slab, aligned to 16 bytes. */
#define SGQ_SLAB_FLOATS (SGQ_SLAB_DEPTH * SGQ_SLAB_ROWS)

/*
 * Where t_rk stands. Every quad of k turns the rows by one quad more: threads that store neighbouring
 * quads of k meet few banks, and aligned quads of rows stay together.
 */
__device__ __forceinline__ int sgq_slab_index(int k, int r) {
  return k * SGQ_SLAB_ROWS + (r + k / 4 * 4) % SGQ_SLAB_ROWS;
}

/* t of row r at k .. k + 3, k a multiple of 4. */
__device__ __forceinline__ float4 sgq_get_quad(const float *slab, int k, int r) {
  const float *at = slab + sgq_slab_index(k, r);
  return make_float4(at[0], at[SGQ_SLAB_ROWS], at[2 * SGQ_SLAB_ROWS], at[3 * SGQ_SLAB_ROWS]);
}

__device__ __forceinline__ void sgq_put_quad(float *slab, int k, int r, float4 v) {
  float *at = slab + sgq_slab_index(k, r);
  at[0] = v.x;
  at[SGQ_SLAB_ROWS] = v.y;
  at[2 * SGQ_SLAB_ROWS] = v.z;
  at[3 * SGQ_SLAB_ROWS] = v.w;
}

/* The rows of out that a block makes. */
struct SgqSlabRows {
  const int *order;  // row i of the tile is order[first + i]
  int first;
  int count;  // of the tile: at most SGQ_SLAB_ROWS
  const float *w;
  float *out;
  int columns;  // of w and out

  __device__ __forceinline__ float *row(int i) const {
    return out + (int64_t)order[first + i] * sgq_stride(columns);
  }
};

/* t of rows r .. r + ROWS - 1 at k. */
template <int ROWS>
__device__ __forceinline__ void sgq_load_rows(const float *slab, int k, int r, float (&t)[ROWS]) {
  if constexpr (ROWS >= 4) {
#pragma unroll
    for (int i = 0; i < ROWS; i += 4) {
      float4 v = sgq_load_quad(slab, sgq_slab_index(k, r + i));
      t[i] = v.x;
      t[i + 1] = v.y;
      t[i + 2] = v.z;
      t[i + 3] = v.w;
    }
  } else {
#pragma unroll
    for (int i = 0; i < ROWS; i++) t[i] = slab[sgq_slab_index(k, r + i)];
  }
}

/* Continues the chains of ROWS rows from r on and of four columns from c on by the `depth` k from k on. */
template <int ROWS>
__device__ __forceinline__ void sgq_add_slab(const SgqSlabRows &rows, const float *slab, int k, int depth,
                                             int r, int c) {
  float4 acc[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    acc[i] = k > 0 && r + i < rows.count ? sgq_load_quad(rows.row(r + i), c) : sgq_quad(0);
  }
  int stride = sgq_stride(rows.columns);
  const float *w = rows.w + (int64_t)k * stride + c;
#pragma unroll 2
  for (int i = 0; i < depth; i++) {
    float4 v = __ldg((const float4 *)(w + (int64_t)i * stride));
    float t[ROWS];
    sgq_load_rows(slab, i, r, t);
#pragma unroll
    for (int j = 0; j < ROWS; j++) acc[j] = sgq_fma(t[j], v, acc[j]);
  }
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    if (r + i < rows.count) sgq_store_quad(rows.row(r + i), c, acc[i]);
  }
}

/* The same for the whole tile, by threads of ROWS rows each. */
template <int ROWS>
__device__ __forceinline__ void sgq_add_slab_by(const SgqSlabRows &rows, const float *slab, int k,
                                                int depth) {
  constexpr int LANES = SGQ_SLAB_BLOCK / SGQ_SLAB_ROWS * ROWS;
  int r = (int)threadIdx.x / LANES * ROWS;
  for (int c = (int)threadIdx.x % LANES * 4; c < rows.columns; c += 4 * LANES) {
    sgq_add_slab<ROWS>(rows, slab, k, depth, r, c);
  }
}

/* out += slab * w_k for the `depth` k from k on; all threads of the block, the slab being complete. */
__device__ __forceinline__ void sgq_multiply_slab(const SgqSlabRows &rows, const float *slab, int k,
                                                  int depth) {
  if (rows.columns > 64) {
    sgq_add_slab_by<8>(rows, slab, k, depth);
  } else if (rows.columns > 32) {
    sgq_add_slab_by<4>(rows, slab, k, depth);
  } else if (rows.columns > 16) {
    sgq_add_slab_by<2>(rows, slab, k, depth);
  } else {
    sgq_add_slab_by<1>(rows, slab, k, depth);
  }
}

#endif
