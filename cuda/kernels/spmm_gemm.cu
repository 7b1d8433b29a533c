/*
 * out = diag(row_scale) aggregate(x) w for unweighted sums of codes: a block sums a slab of columns for
 * 32 rows into shared memory, multiplies it by its rows of w, and goes on with the next slab. Rows come
 * sorted by degree (RowBins), so those of a block are of about the same length; the chunks of spmm_sum.cu
 * have summed the hubs.
 */
#include "sgq/row_sum.cuh"
#include "sgq/slab_product.cuh"

namespace sgq_spmm_gemm {

/* Puts sums into the slab: `row` is that of the tile. */
template <bool COLUMN>
struct Target {
  const SgqPacked &x;
  float *slab;
  int k;  // first column of the slab

  __device__ __forceinline__ void operator()(int row, int b, int edges, bool first, int c, uint4 sum) const {
    float4 acc = first ? sgq_quad(0) : sgq_get_quad(slab, c - k, row);
    SgqParams params = sgq_params_of<COLUMN>(x.block[b], c);
    sgq_put_quad(slab, c - k, row, sgq_add_sums(params, sum, (float)edges, acc));
  }
};

/*
 * Sums of the rows of a tile, those before `hubs` excepted, by warps that take one row or several at a
 * time.
 */
template <bool COLUMN>
__device__ __forceinline__ void sum_tile(const SgqRowSum &r, const SgqSlabRows &tile, const int *row_ptr,
                                         const SgqPacked &x, int hubs, const Target<COLUMN> &target) {
  int lane = threadIdx.x % 32;
  int at_once = r.together ? 1 : 32 >> sgq_log2(r.group_lanes);
  int group = r.together ? 0 : lane >> sgq_log2(r.group_lanes);
  int warps = SGQ_SLAB_BLOCK / 32;
  for (int i = (int)threadIdx.x / 32 * at_once; i < tile.count; i += warps * at_once) {
    SgqRowState state = {i + group, 0, 0, 0, 0};
    int at = tile.first + i + group;
    if (i + group < tile.count && at >= hubs) {
      state.begin = row_ptr[tile.order[at]];
      state.end = row_ptr[tile.order[at] + 1];
    }
    r.rows[lane] = state;
    __syncwarp();
    sgq_sum_rows<0>(r, x, target);
  }
}

/*
 * Fills in the hubs of the tile in the `columns` of the slab from k on, and multiplies all rows by
 * row_scale.
 */
template <bool COLUMN>
__device__ __forceinline__ void finish_tile(const SgqSlabRows &tile, const int *row_ptr, const int *col_idx,
                                            const SgqPacked &x, const float *row_scale, int hubs,
                                            unsigned long long *hub_sums, float *slab, int k, int columns) {
  for (int i = threadIdx.x; i < SGQ_SLAB_ROWS * columns; i += SGQ_SLAB_BLOCK) {
    int c = i / SGQ_SLAB_ROWS;
    int r = i % SGQ_SLAB_ROWS;
    if (r >= tile.count) continue;
    int at = tile.first + r;
    int row = tile.order[at];
    float *t = slab + sgq_slab_index(c, r);
    if (at < hubs) {
      *t = sgq_hub_value<COLUMN>(col_idx, x, hub_sums, at, row_ptr[row], row_ptr[row + 1], k + c);
    }
    if (row_scale != nullptr) *t *= __ldg(row_scale + row);
  }
}

/* hubs, warp_rows, width (of a tile of columns), group_lanes and sections as in spmm_sum.cu. */
template <bool COLUMN>
__device__ __forceinline__ void spmm_gemm(const SgqSlabRows &tile, const int *row_ptr, const int *col_idx,
                                          const SgqPacked &x, const float *row_scale, int hubs,
                                          int warp_rows, int width, int group_lanes, int sections,
                                          unsigned long long *hub_sums) {
  SGQ_DYNAMIC_SHARED(uint4, shared);
  float *slab = (float *)shared;
  uint4 *own = shared + SGQ_SLAB_FLOATS / 4 + threadIdx.x / 32 * SGQ_WARP_QUADS(sections);
  int k = 0;
  do {  // once at least, so that a product of nothing is 0
    int columns = min(SGQ_SLAB_DEPTH, x.cols - k);
    for (int i = threadIdx.x; i < SGQ_SLAB_FLOATS; i += SGQ_SLAB_BLOCK) slab[i] = 0;
    __syncthreads();
    SgqRowSum r = {col_idx,
                   (SgqRowState *)own,
                   own + SGQ_STATE_QUADS,
                   width,
                   k,
                   columns,
                   tile.first < hubs + warp_rows,
                   group_lanes};
    sum_tile<COLUMN>(r, tile, row_ptr, x, hubs, {x, slab, k});
    __syncthreads();
    finish_tile<COLUMN>(tile, row_ptr, col_idx, x, row_scale, hubs, hub_sums, slab, k, columns);
    __syncthreads();
    sgq_multiply_slab(tile, slab, k, columns);
    __syncthreads();
    k += SGQ_SLAB_DEPTH;
  } while (k < x.cols);
}

}  // namespace sgq_spmm_gemm

#define SGQ_SPMM_GEMM(name, column)                                                                        \
  extern "C" __global__ void __launch_bounds__(SGQ_SLAB_BLOCK, 4)                                          \
      name(const int *row_ptr, const int *col_idx, const SgqPacked x, const float *row_scale,              \
           const int *order, int rows, int hubs, int warp_rows, int tile, int group_lanes, int sections,   \
           unsigned long long *hub_sums, const float *w, float *out, int columns) {                        \
    int first = (int)blockIdx.x * SGQ_SLAB_ROWS;                                                           \
    SgqSlabRows of_block = {order, first, min(SGQ_SLAB_ROWS, rows - first), w, out, columns};              \
    sgq_spmm_gemm::spmm_gemm<column>(of_block, row_ptr, col_idx, x, row_scale, hubs, warp_rows, tile,      \
                                     group_lanes, sections, hub_sums);                                     \
  }

SGQ_SPMM_GEMM(spmm_gemm_csr_mixed_tensor, false)
SGQ_SPMM_GEMM(spmm_gemm_csr_mixed_column, true)
#undef SGQ_SPMM_GEMM
