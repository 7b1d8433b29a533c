/*
 * out_i = sum over edges e of row i of x_col(e), summed as integers: every block packed, a scale per
 * block or column.
 *
 * Rows come sorted by degree (RowBins): first hubs, in chunks of edges, one warp each, whose sums are
 * added up in scratch memory and finished by a second kernel; then rows that take a warp each; then short
 * rows, several to a warp. blockIdx.y is the tile of columns: tiles one after another, so that those of x
 * stay in the cache.
 */
#include "sgq/row_sum.cuh"

namespace sgq_spmm_sum {

constexpr int BLOCK = 128;

/* The rows of a graph as RowBins sorts them. */
struct Bins {
  const int *order;   // rows: `hubs` of them, then `warp_rows`, then short ones
  const int2 *chunk;  // of hubs: place in the order, first edge
  int chunks;
  int chunk_edges;
  int hubs;
  int warp_rows;
  int rows;
};

/* The float result, or the exact sums of a chunk of a hub; one scale per tensor or per column. */
template <bool COLUMN>
struct Target {
  const SgqPacked &x;
  float *out;
  unsigned long long *hub_sums;
  bool hub;  // whether row is the number of a hub

  __device__ __forceinline__ void operator()(int row, int b, int edges, bool first, int c, uint4 sum) const {
    if (hub) {
      unsigned long long *sums = hub_sums + ((int64_t)row * x.blocks + b) * x.cols + c;
      uint32_t of[4] = {sum.x, sum.y, sum.z, sum.w};
      for (int j = 0; j < 4 && c + j < x.cols; j++) atomicAdd(sums + j, (unsigned long long)of[j]);
      return;
    }
    float *at = out + (int64_t)row * sgq_stride(x.cols);
    float4 acc = first ? sgq_quad(0) : sgq_load_quad(at, c);
    sgq_store_quad(at, c, sgq_add_sums(sgq_params_of<COLUMN>(x.block[b], c), sum, (float)edges, acc));
  }
};

/* The row that this thread has a part in if the warp takes item `item`; row -1 past the last one. */
__device__ __forceinline__ SgqRowState row_of(const Bins &bins, const int *row_ptr, int item,
                                              int group_lanes) {
  if (item < bins.chunks) {
    int2 c = __ldg(bins.chunk + item);
    return {c.x, c.y, min(c.y + bins.chunk_edges, row_ptr[bins.order[c.x] + 1]), 0, 0};
  }
  int at = item - bins.chunks;
  if (at >= bins.warp_rows) {
    int lane = threadIdx.x % 32;
    int groups = 32 >> sgq_log2(group_lanes);
    at = bins.warp_rows + (at - bins.warp_rows) * groups + (lane >> sgq_log2(group_lanes));
  }
  if (bins.hubs + at >= bins.rows) return {-1, 0, 0, 0, 0};
  int row = bins.order[bins.hubs + at];
  return {row, row_ptr[row], row_ptr[row + 1], 0, 0};
}

/*
 * The launch gives shared memory for `sections` sections per warp; group_lanes threads cover a tile in
 * the narrowest runs.
 */
template <int Q, bool COLUMN>
__device__ __forceinline__ void spmm_sum(const int *row_ptr, const int *col_idx, const SgqPacked &x,
                                         const Bins &bins, int tile, int group_lanes, int sections,
                                         unsigned long long *hub_sums, float *out) {
  SGQ_DYNAMIC_SHARED(uint4, shared);
  int warp = threadIdx.x / 32;
  int lane = threadIdx.x % 32;
  int item = blockIdx.x * (BLOCK / 32) + warp;
  int column = blockIdx.y * tile;
  uint4 *own = shared + warp * SGQ_WARP_QUADS(Q > 0 ? 1 : sections);
  SgqRowSum r = {col_idx,
                 (SgqRowState *)own,
                 own + SGQ_STATE_QUADS,
                 tile,
                 column,
                 min(tile, x.cols - column),
                 item < bins.chunks + bins.warp_rows,
                 group_lanes};
  SgqRowState state = row_of(bins, row_ptr, item, group_lanes);
  if (state.row >= 0 && state.begin == state.end) {
    // Only short rows can be empty: the group's threads write the zeros.
    float *zeros = out + (int64_t)state.row * sgq_stride(x.cols) + column;
    for (int c = lane & (group_lanes - 1); c < r.columns; c += group_lanes) zeros[c] = 0;
  }
  r.rows[lane] = state;
  __syncwarp();
  sgq_sum_rows<Q>(r, x, Target<COLUMN>{x, out, hub_sums, item < bins.chunks});
}

/* Finishes hub row blockIdx.x. */
template <bool COLUMN>
__device__ __forceinline__ void finish_hubs(const int *row_ptr, const int *col_idx, const SgqPacked &x,
                                            const int *order, unsigned long long *hub_sums, float *out) {
  int c = blockIdx.y * BLOCK + threadIdx.x;
  if (c >= x.cols) return;
  int row = order[blockIdx.x];
  out[(int64_t)row * sgq_stride(x.cols) + c] =
      sgq_hub_value<COLUMN>(col_idx, x, hub_sums, blockIdx.x, row_ptr[row], row_ptr[row + 1], c);
}

}  // namespace sgq_spmm_sum

#define SGQ_SPMM_SUM(name, q, column)                                                                     \
  extern "C" __global__ void __launch_bounds__(sgq_spmm_sum::BLOCK, 8)                                    \
      name(const int *row_ptr, const int *col_idx, const SgqPacked x, const int *order, const int2 *chunk, \
           int chunks, int chunk_edges, int hubs, int warp_rows, int rows, int tile, int group_lanes,     \
           int sections, unsigned long long *hub_sums, float *out) {                                      \
    sgq_spmm_sum::Bins bins = {order, chunk, chunks, chunk_edges, hubs, warp_rows, rows};                 \
    sgq_spmm_sum::spmm_sum<q, column>(row_ptr, col_idx, x, bins, tile, group_lanes, sections, hub_sums,   \
                                      out);                                                               \
  }

#define SGQ_SPMM_HUBS(name, column)                                                                  \
  extern "C" __global__ void __launch_bounds__(sgq_spmm_sum::BLOCK)                                  \
      name(const int *row_ptr, const int *col_idx, const SgqPacked x, const int *order,              \
           unsigned long long *hub_sums, float *out) {                                               \
    sgq_spmm_sum::finish_hubs<column>(row_ptr, col_idx, x, order, hub_sums, out);                    \
  }

SGQ_SPMM_SUM(spmm_csr_q1_tensor, 1, false)
SGQ_SPMM_SUM(spmm_csr_q1_column, 1, true)
SGQ_SPMM_SUM(spmm_csr_q2_tensor, 2, false)
SGQ_SPMM_SUM(spmm_csr_q2_column, 2, true)
SGQ_SPMM_SUM(spmm_csr_q4_tensor, 4, false)
SGQ_SPMM_SUM(spmm_csr_q4_column, 4, true)
SGQ_SPMM_SUM(spmm_csr_q8_tensor, 8, false)
SGQ_SPMM_SUM(spmm_csr_q8_column, 8, true)
SGQ_SPMM_SUM(spmm_csr_mixed_tensor, 0, false)
SGQ_SPMM_SUM(spmm_csr_mixed_column, 0, true)
SGQ_SPMM_HUBS(spmm_csr_hubs_tensor, false)
SGQ_SPMM_HUBS(spmm_csr_hubs_column, true)
#undef SGQ_SPMM_SUM
#undef SGQ_SPMM_HUBS
