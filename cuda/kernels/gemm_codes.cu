/*
 * c = unpack(a) unpack(w) from exact integers: org.sgquant.kernels.PackedOps.gemm of two packed matrices, which gives
 * the float operations behind them.
 *
 * A block of 256 threads makes a tile of 64 rows and 64 columns from slices of 64 k that pass through shared memory,
 * each word holding the codes of four k, as __dp4a multiplies them. Slices are filled up with zeros. Sums of unsigned
 * codes are taken modulo 2^32; what is left after the centre of w's codes is taken off fits 32 bits.
 */
#include "sgq/codes.cuh"

namespace sgq_gemm_codes {

constexpr int BLOCK = 256;
constexpr int ROWS = 64;
constexpr int COLUMNS = 64;
constexpr int SLICE = 64;

/* Words of a row in a slice, quads of columns, and rows that a thread has a quad of. */
constexpr int WORDS = SLICE / 4;
constexpr int QUADS = COLUMNS / 4;
constexpr int GROUPS = BLOCK / QUADS;
constexpr int PER_THREAD = ROWS / GROUPS;

/* Words from row to row of the left slice: one more, so that rows read side by side meet in no bank. */
constexpr int PITCH = WORDS + 1;

static_assert(WORDS * QUADS == BLOCK, "each thread brings one quad of four k");
static_assert(ROWS + COLUMNS <= BLOCK, "each row and column has a thread that adds up its codes");

__device__ __forceinline__ unsigned word_of(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a | b << 8 | c << 16 | d << 24;
}

/* Codes k .. k + 3 of a row, 0 past the last column. */
__device__ __forceinline__ unsigned left_word(const SgqPacked &a, const SgqSource &source, int k) {
  if (source.block < 0 || k >= a.cols) return 0;
  uint4 u = SgqQuadCodes<true>(a.block[source.block].bits, a.cols, k)(source.row);
  int columns = a.cols - k;
  return word_of(u.x, columns > 1 ? u.y : 0, columns > 2 ? u.z : 0, columns > 3 ? u.w : 0);
}

/* Rows k .. k + 3 of a quad of columns of w, a word for each column; 0 past the last row. */
__device__ __forceinline__ uint4 right_words(const SgqBlock &w, const SgqQuadCodes<true> &codes, int k) {
  uint4 u[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    u[i] = k + i < w.row_end ? codes(w.data + (long long)(k + i) * w.stride) : make_uint4(0, 0, 0, 0);
  }
  return make_uint4(word_of(u[0].x, u[1].x, u[2].x, u[3].x), word_of(u[0].y, u[1].y, u[2].y, u[3].y),
                    word_of(u[0].z, u[1].z, u[2].z, u[3].z), word_of(u[0].w, u[1].w, u[2].w, u[3].w));
}

/* Adds the products of a slice; left is a thread's first row, right its quad of the first k. */
__device__ __forceinline__ void add_slice(const unsigned *left, const uint4 *right, uint4 (&acc)[PER_THREAD]) {
#pragma unroll 4
  for (int i = 0; i < WORDS; i++) {
    uint4 w = right[i * QUADS];
#pragma unroll
    for (int j = 0; j < PER_THREAD; j++) {
      unsigned u = left[j * GROUPS * PITCH + i];
      acc[j].x = __dp4a(u, w.x, acc[j].x);
      acc[j].y = __dp4a(u, w.y, acc[j].y);
      acc[j].z = __dp4a(u, w.z, acc[j].z);
      acc[j].w = __dp4a(u, w.w, acc[j].w);
    }
  }
}

/* sum + the codes of a slice in `step`-th words. */
__device__ __forceinline__ unsigned add_codes(const unsigned *words, int step, unsigned sum) {
  for (int i = 0; i < WORDS; i++) sum = __dp4a(words[i * step], 0x01010101u, sum);
  return sum;
}

/* sums - taken as signed numbers, rounded to float. */
__device__ __forceinline__ float4 centred(uint4 sums, unsigned taken) {
  return make_float4((float)(int)(sums.x - taken), (float)(int)(sums.y - taken), (float)(int)(sums.z - taken),
                     (float)(int)(sums.w - taken));
}

__device__ __forceinline__ float4 times(float a, float4 x) {
  return make_float4(a * x.x, a * x.y, a * x.z, a * x.w);
}

/* Writes a thread's quads; codes: the sums of the codes of the tile's rows, then of its columns. */
__device__ __forceinline__ void store(const SgqPacked &a, const SgqPacked &w, const SgqSource *sources,
                                      const unsigned *codes, const uint4 (&acc)[PER_THREAD], int row, int group,
                                      int column, int quad, float *c, int rows, int n) {
  unsigned centre = 1u << (w.block[0].bits - 1);
  SgqParams right = sgq_sum_params(w, w.block[0], column);
  float4 base = sgq_fma((float)centre, right.scale, right.offset);
  uint4 column_codes = reinterpret_cast<const uint4 *>(codes + ROWS)[quad];
  float4 column_sum =
      sgq_fma(right.scale, centred(column_codes, centre * (unsigned)a.cols), times((float)a.cols, base));
#pragma unroll
  for (int j = 0; j < PER_THREAD; j++) {
    int at = group + j * GROUPS;
    if (row + at >= rows) return;
    const SgqSource &source = sources[at];
    SgqParams left = sgq_params(a, a.block[source.block], source.row_in_block, 0);
    unsigned row_codes = codes[at];
    float4 products = sgq_fma(right.scale, centred(acc[j], centre * row_codes), times((float)row_codes, base));
    float4 sum = sgq_fma(left.scale.x, products, times(left.offset.x, column_sum));
    sgq_store_quad(c + (long long)(row + at) * sgq_stride(n), column, sum);
  }
}

}  // namespace sgq_gemm_codes

extern "C" __global__ void __launch_bounds__(sgq_gemm_codes::BLOCK)
    gemm_codes(const SgqPacked a, const SgqPacked w, float *c, int rows, int n) {
  using namespace sgq_gemm_codes;
  SGQ_SHARED(SgqSource, sources, ROWS);
  SGQ_SHARED(unsigned, left, ROWS * PITCH);
  SGQ_SHARED(uint4, right, WORDS * QUADS);
  SGQ_SHARED(uint4, code_sums, (ROWS + COLUMNS) / 4);
  int thread = (int)threadIdx.x;
  int row = (int)blockIdx.x * ROWS;
  int quad = thread % QUADS, group = thread / QUADS;
  int column = (int)blockIdx.y * COLUMNS + 4 * quad;
  if (thread < ROWS) sources[thread] = sgq_source_of(a, rows, row + thread);
  __syncthreads();
  SgqQuadCodes<true> right_codes(w.block[0].bits, n, column < n ? column : 0);
  uint4 acc[PER_THREAD];
#pragma unroll
  for (int j = 0; j < PER_THREAD; j++) acc[j] = make_uint4(0, 0, 0, 0);
  unsigned sum = 0;
  for (int k = 0; k < a.cols; k += SLICE) {
#pragma unroll 1
    for (int i = thread; i < ROWS * WORDS; i += BLOCK) {
      left[i / WORDS * PITCH + i % WORDS] = left_word(a, sources[i / WORDS], k + i % WORDS * 4);
    }
    right[thread] = right_words(w.block[0], right_codes, k + 4 * group);
    __syncthreads();
    if (thread < ROWS) {
      sum = add_codes(left + thread * PITCH, 1, sum);
    } else if (thread < ROWS + COLUMNS) {
      sum = add_codes(reinterpret_cast<const unsigned *>(right) + (thread - ROWS), COLUMNS, sum);
    }
    add_slice(left + group * PITCH, right + quad, acc);
    __syncthreads();
  }
  unsigned *codes = reinterpret_cast<unsigned *>(code_sums);
  if (thread < ROWS + COLUMNS) codes[thread] = sum;
  __syncthreads();
  if (column < n) store(a, w, sources, codes, acc, row, group, column, quad, c, rows, n);
}
