/*
 * Aggregation of packed rows of any kind, alone and fused with a product: org.sgquant.kernels.PackedOps.
 *
 * `integer` says whether packed blocks are summed as integers, which the host knows from the scheme: not with
 * a scale per row, and with weights only if all of x is packed. `order` holds the rows, those of most edges
 * first: a hub begun last would run alone.
 */
#include "sgq/aggregate.cuh"

namespace sgq_aggregate_rows {

constexpr int BLOCK = 256;

/*
 * Blocks that a multiprocessor holds with the registers of kernels.list: 64 for plain sums, else 80. Not told
 * so, ptxas gives up reading ahead, or spills, to fit more of them.
 */
constexpr int PLAIN_BLOCKS = 4;
constexpr int BLOCKS = 3;

/* The weighted, fused one, whose small floats take more registers on sm_75. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr int WEIGHTED_FUSED_BLOCKS = 2;
#else
constexpr int WEIGHTED_FUSED_BLOCKS = BLOCKS;
#endif

/* Rows that a block aggregates before it multiplies them by W, and columns that it takes at a time. */
constexpr int ROWS = 32;
constexpr int SLAB = 128;

/* Floats from row to row of a slab: one quad more, so that rows read side by side meet in no bank. */
constexpr int PITCH = SLAB + 4;

/* Columns of W that are multiplied at a time. */
constexpr int COLUMNS = 64;

/* What weighs the edges of the rows. */
struct Ones {
  __device__ __forceinline__ SgqUnweighted of(int) const {
    return {};
  }
};

struct PerEdge {
  const SgqWeights &weights;

  __device__ __forceinline__ SgqEdgeWeights of(int row) const {
    return SgqEdgeWeights(weights, row);
  }
};

/* Least b with 2^b quads or more in `columns` columns. */
__device__ __forceinline__ int quad_bits(int columns) {
  return columns <= 4 ? 0 : 32 - __clz((columns - 1) / 4);
}

/* A row of out by 2^lane_bits lanes, a quad each; blockIdx.y takes the columns as many at a time. */
template <typename Rows>
__device__ __forceinline__ void spmm(const int *row_ptr, const int *col_idx, const Rows &weights,
                                     const SgqPacked &x, bool integer, const int *order, float *out,
                                     int rows, int lane_bits) {
  unsigned place = sgq_thread() >> lane_bits;
  int lane = (int)(sgq_thread() & ((1u << lane_bits) - 1));
  int c = ((int)(blockIdx.y << lane_bits) + lane) * 4;
  if (place >= (unsigned)rows || c >= x.cols) return;
  int row = order[place];
  float4 sum = sgq_aggregate(row_ptr, col_idx, weights.of(row), x, integer, row, c);
  sgq_store_quad(out, (long long)row * sgq_stride(x.cols) + c, sum);
}

/* Rows that this block takes: every gridDim.x-th of the order, so that no block has all the hubs. */
struct BlockRows {
  const int *order;
  int count;

  __device__ __forceinline__ BlockRows(const int *order, int rows)
      : order(order + blockIdx.x), count(min(ROWS, sgq_ceil_div(rows - (int)blockIdx.x, (int)gridDim.x))) {}

  __device__ __forceinline__ int operator[](int r) const {
    return __ldg(order + (long long)r * gridDim.x);
  }
};

/* Aggregates columns [k, k + columns) of the block's rows into the slab, times row_scale. */
template <typename Rows>
__device__ __forceinline__ void fill_slab(const int *row_ptr, const int *col_idx, const Rows &weights,
                                          const SgqPacked &x, bool integer, const float *row_scale,
                                          const BlockRows &rows, int k, int columns, float *slab) {
  int lane_bits = quad_bits(columns);
  int c = ((int)threadIdx.x & ((1 << lane_bits) - 1)) * 4;
  if (c >= columns) return;
#pragma unroll 1
  for (int r = (int)threadIdx.x >> lane_bits; r < rows.count; r += BLOCK >> lane_bits) {
    int row = rows[r];
    float4 sum = sgq_aggregate(row_ptr, col_idx, weights.of(row), x, integer, row, k + c);
    float factor = row_scale == nullptr ? 1 : row_scale[row];
    sgq_store_quad(slab + r * PITCH, c,
                   make_float4(factor * sum.x, factor * sum.y, factor * sum.z, factor * sum.w));
  }
}

/* Four steps of the chains of a row. */
__device__ __forceinline__ void add_products(float4 &acc, float4 left, const float4 *w) {
  acc = sgq_fma(left.x, w[0], acc);
  acc = sgq_fma(left.y, w[1], acc);
  acc = sgq_fma(left.z, w[2], acc);
  acc = sgq_fma(left.w, w[3], acc);
}

/*
 * Continues the chains out = fma(slab_k, w_k, out) of the block's rows over the `columns` of a slab; w starts
 * at its first row. Every output belongs to one thread, which keeps it in out between slabs.
 */
__device__ __forceinline__ void multiply_slab(const float *slab, int columns, const float *w, int n,
                                              bool start, float *out, const BlockRows &rows) {
  long long stride = sgq_stride(n);
  int lane_bits = quad_bits(min(n, COLUMNS));
  int groups = BLOCK >> lane_bits;
  int quad = ((int)threadIdx.x & ((1 << lane_bits) - 1)) * 4;
  for (int c = quad; c < n; c += COLUMNS) {
#pragma unroll 1
    for (int r = (int)threadIdx.x >> lane_bits; r < rows.count; r += 2 * groups) {
      int other = r + groups < rows.count ? r + groups : r;
      const float *left = slab + r * PITCH;
      const float *other_left = slab + other * PITCH;
      float *target = out + rows[r] * stride + c;
      float *other_target = out + rows[other] * stride + c;
      float4 acc = start ? sgq_quad(0) : sgq_load_quad(target, 0);
      float4 other_acc = start ? sgq_quad(0) : sgq_load_quad(other_target, 0);
      const float *right = w + c;
      int k = 0;
      for (; k + 4 <= columns; k += 4, right += 4 * stride) {
        float4 four[4] = {sgq_load_quad(right, 0), sgq_load_quad(right, stride),
                          sgq_load_quad(right, 2 * stride), sgq_load_quad(right, 3 * stride)};
        add_products(acc, sgq_load_quad(left, k), four);
        add_products(other_acc, sgq_load_quad(other_left, k), four);
      }
      for (; k < columns; k++, right += stride) {
        acc = sgq_fma(left[k], sgq_load_quad(right, 0), acc);
        other_acc = sgq_fma(other_left[k], sgq_load_quad(right, 0), other_acc);
      }
      sgq_store_quad(target, 0, acc);
      sgq_store_quad(other_target, 0, other_acc);
    }
  }
}

/* out = diag(row_scale) aggregate(x) w for ROWS rows per block, slab by slab of columns of x. */
template <typename Rows>
__device__ __forceinline__ void spmm_gemm(const int *row_ptr, const int *col_idx, const Rows &weights,
                                          const SgqPacked &x, bool integer, const float *row_scale,
                                          const float *w, const BlockRows &rows, float *out, int n) {
  SGQ_SHARED(float4, quads, ROWS * PITCH / 4);
  float *slab = reinterpret_cast<float *>(quads);
  int k = 0;
  do { /* once at least, so that a product of nothing is 0 */
    int columns = min(SLAB, x.cols - k);
    fill_slab(row_ptr, col_idx, weights, x, integer, row_scale, rows, k, columns, slab);
    __syncthreads();
    multiply_slab(slab, columns, w + (long long)k * sgq_stride(n), n, k == 0, out, rows);
    __syncthreads();
    k += SLAB;
  } while (k < x.cols);
}

}  // namespace sgq_aggregate_rows

/* out_i = sum over edges e of row i of x_col(e). */
extern "C" __global__ void __launch_bounds__(sgq_aggregate_rows::BLOCK, sgq_aggregate_rows::PLAIN_BLOCKS)
    spmm_csr_any(const int *row_ptr, const int *col_idx, const SgqPacked x, int integer, const int *order,
                 float *out, int rows, int lane_bits) {
  using namespace sgq_aggregate_rows;
  spmm(row_ptr, col_idx, Ones(), x, integer != 0, order, out, rows, lane_bits);
}

/* out_i = sum over edges e of row i of w_e * x_col(e). */
extern "C" __global__ void __launch_bounds__(sgq_aggregate_rows::BLOCK, sgq_aggregate_rows::BLOCKS)
    spmm_csr_weighted(const int *row_ptr, const int *col_idx, const SgqWeights weights, const SgqPacked x,
                      int integer, const int *order, float *out, int rows, int lane_bits) {
  using namespace sgq_aggregate_rows;
  spmm(row_ptr, col_idx, PerEdge{weights}, x, integer != 0, order, out, rows, lane_bits);
}

/* out = diag(row_scale) aggregate(x) w, row_scale null for ones; n columns. */
extern "C" __global__ void __launch_bounds__(sgq_aggregate_rows::BLOCK, sgq_aggregate_rows::BLOCKS)
    spmm_gemm_csr_any(const int *row_ptr, const int *col_idx, const SgqPacked x, int integer,
                      const float *row_scale, const float *w, const int *order, float *out, int rows,
                      int n) {
  using namespace sgq_aggregate_rows;
  spmm_gemm(row_ptr, col_idx, Ones(), x, integer != 0, row_scale, w, BlockRows(order, rows), out, n);
}

/* The same with weights. */
extern "C" __global__ void __launch_bounds__(sgq_aggregate_rows::BLOCK, sgq_aggregate_rows::WEIGHTED_FUSED_BLOCKS)
    spmm_gemm_csr_weighted(const int *row_ptr, const int *col_idx, const SgqWeights weights,
                           const SgqPacked x, int integer, const float *row_scale, const float *w,
                           const int *order, float *out, int rows, int n) {
  using namespace sgq_aggregate_rows;
  spmm_gemm(row_ptr, col_idx, PerEdge{weights}, x, integer != 0, row_scale, w, BlockRows(order, rows), out,
            n);
}
