/*
 * Products of a CSR matrix and a dense float32 matrix: org.sgquant.kernels.SparseOps.
 *
 * A row of out is made by 2^lane_bits lanes (1 to 32), a quad of columns each, so narrow matrices put several
 * rows into a warp; blockIdx.y takes the columns 128 by 128. Every lane walks the edges of its row alone and
 * in order, which is the order that the hosts add in. Rows are taken in the order of the host's row bins,
 * those of most edges first: a hub begun last would run alone.
 */
#include "sgq/edges.cuh"
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_spmm_f32 {

/* Edges read at once: a quad of each fits in 64 registers with what else is live. */
constexpr int AHEAD = 8;

/* What an edge adds. */
struct Edge {
  float value;
  float4 x;
};

/* Sum of x_col(e), columns 0 .. 3 of x, over the edges of [e, end). */
__device__ __forceinline__ float4 sum(const int *col_idx, const float *x, long long stride, int e, int end) {
  float4 acc = sgq_quad(0);
  sgq_each_edge<AHEAD>(
      col_idx, e, end, [&](int, int source) { return sgq_load_quad(x, source * stride); },
      [&](const float4 &v) {
        acc.x += v.x;
        acc.y += v.y;
        acc.z += v.z;
        acc.w += v.w;
      });
  return acc;
}

/* The same of values_e * x_col(e). */
__device__ __forceinline__ float4 sum(const int *col_idx, const float *values, const float *x,
                                      long long stride, int e, int end) {
  float4 acc = sgq_quad(0);
  sgq_each_edge<AHEAD>(
      col_idx, e, end,
      [&](int edge, int source) { return Edge{__ldg(values + edge), sgq_load_quad(x, source * stride)}; },
      [&](const Edge &edge) {
        acc.x = fmaf(edge.value, edge.x.x, acc.x);
        acc.y = fmaf(edge.value, edge.x.y, acc.y);
        acc.z = fmaf(edge.value, edge.x.z, acc.z);
        acc.w = fmaf(edge.value, edge.x.w, acc.w);
      });
  return acc;
}

}  // namespace sgq_spmm_f32

/*
 * out_i = sum over edges e of row i of values_e * x_col(e), edges ascending; values null for ones.
 *
 * Four blocks a multiprocessor are what 64 registers allow: not told so, ptxas gives up reading ahead to fit
 * more of them.
 */
extern "C" __global__ void __launch_bounds__(256, 4)
    spmm_csr_f32(const int *row_ptr, const int *col_idx, const float *values, const float *x,
                 const int *order, float *out, int rows, int cols, int lane_bits) {
  using namespace sgq_spmm_f32;
  unsigned place = sgq_thread() >> lane_bits;
  int lane = (int)(sgq_thread() & ((1u << lane_bits) - 1));
  int c = ((int)(blockIdx.y << lane_bits) + lane) * 4;
  if (place >= (unsigned)rows || c >= cols) return;
  int row = order[place];
  int e = row_ptr[row], end = row_ptr[row + 1];
  long long stride = sgq_stride(cols);
  float4 acc = values == nullptr ? sum(col_idx, x + c, stride, e, end)
                                 : sum(col_idx, values, x + c, stride, e, end);
  sgq_store_quad(out, row * stride + c, acc);
}
