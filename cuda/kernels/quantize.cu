/*
 * Packing and unpacking: org.sgquant.kernels.PackedOps.
 *
 * A thread packs the columns that fill one 32-bit word of the narrowest section, and so whole words of every
 * section: no two threads share a word and none needs atomics. What is bound by memory moves in quads of 16
 * bytes.
 */
#include "sgq/quantizer.cuh"
#include "sgq/range.cuh"

namespace sgq_quantize {

constexpr int BLOCK = 256;

/* Width of section s of width q, the binary digits of q but for 16 = 8+8; 0 where there is none. */
__device__ constexpr int section_width(int q, int s) {
  if (q == 16) return s < 2 ? 8 : 0;
  for (int w = 8; w > 0; w /= 2) {
    if ((q & w) != 0 && s-- == 0) return w;
  }
  return 0;
}

/* Columns whose codes of width q fill one word of the narrowest section. */
__device__ constexpr int packed_columns(int q) {
  return q == 16 ? 4 : 32 / (q & -q);
}

/* Reports what is not finite among columns c .. c + 3, as far as there are any. */
__device__ __forceinline__ void require_finite(float4 x, long long element, int columns,
                                               unsigned long long *error, int site) {
  sgq_require_finite(x.x, error, site, element);
  if (columns > 1) sgq_require_finite(x.y, error, site, element + 1);
  if (columns > 2) sgq_require_finite(x.z, error, site, element + 2);
  if (columns > 3) sgq_require_finite(x.w, error, site, element + 3);
}

/* Whether there are floats of q bits. */
__device__ constexpr bool is_float_width(int q) {
  return q == 4 || q == 6 || q == 8;
}

/* Codes of columns c .. c + 3 of a row of floats; 0 past the last column. */
__device__ __forceinline__ uint4 float_codes(float4 v, const SgqPacked &out, const SgqBlock &block, int row_in_block,
                                             int c) {
  SgqFloats floats(block.format);
  float scale = sgq_float_scale(block, out.cols, row_in_block, c);
  int columns = out.cols - c;
  return make_uint4(floats.code(v.x / scale), columns > 1 ? floats.code(v.y / scale) : 0,
                    columns > 2 ? floats.code(v.z / scale) : 0, columns > 3 ? floats.code(v.w / scale) : 0);
}

/* Codes of columns c .. c + 3 of row r; 0 past the last column and for NaN, which is reported. */
template <int Q>
__device__ __forceinline__ uint4 codes_of(const float *x, const SgqPacked &out, const SgqBlock &block, int r,
                                          int c, unsigned long long *error, int site) {
  int columns = out.cols - c;
  if (columns <= 0) return make_uint4(0, 0, 0, 0);
  float4 v = sgq_load_quad(x + (long long)r * sgq_stride(out.cols), c);
  require_finite(v, (long long)r * out.cols + c, columns, error, site);
  if (is_float_width(Q) && block.format != 0) return float_codes(v, out, block, r - block.row_start, c);
  SgqParams params = sgq_params(out, block, r - block.row_start, c);
  float4 u = sgq_rounded(sgq_normalised(v, params), sgq_max_code(block.bits), out.rounding);
  return make_uint4(__float2uint_rz(u.x), columns > 1 ? __float2uint_rz(u.y) : 0,
                    columns > 2 ? __float2uint_rz(u.z) : 0, columns > 3 ? __float2uint_rz(u.w) : 0);
}

/* Bits [shift, shift + W) of four codes side by side. */
template <int W>
__device__ __forceinline__ unsigned joined(uint4 u, int shift) {
  const unsigned mask = (1u << W) - 1;
  return (u.x >> shift & mask) | (u.y >> shift & mask) << W | (u.z >> shift & mask) << 2 * W |
         (u.w >> shift & mask) << 3 * W;
}

/* Stores the low bytes of word at byte `at` of a row whose stride may be 1 or 2. */
__device__ __forceinline__ void store_word(uint8_t *row, int at, int stride, unsigned word) {
  if (stride == 1) {
    row[at] = (uint8_t)word;
  } else if (stride == 2) {
    *reinterpret_cast<uint16_t *>(row + at) = (uint16_t)word;
  } else {
    *reinterpret_cast<unsigned *>(row + at) = word;
  }
}

/* One section, W bits of every code from bit SHIFT on, as its words fill up quad by quad. */
template <int W, int SHIFT>
struct Section {
  unsigned word = 0;

  /* Takes the codes of columns c .. c + 3; stores the word that they complete, if the section has it. */
  __device__ __forceinline__ void add(uint4 u, int c, uint8_t *row, int offset, int cols, int stride) {
    unsigned bits = joined<W>(u, SHIFT);
    word = W == 8 ? bits : word >> (4 * W & 31) | bits << (32 - 4 * W);
    int at = sgq_byte_of(W, c + 4) - 4;
    if ((unsigned)(c + 4) * W % 32 == 0 && at < sgq_section_bytes(W, cols)) store_word(row, offset + at, stride, word);
  }
};

/* A section that a width does not have. */
template <int SHIFT>
struct Section<0, SHIFT> {
  __device__ __forceinline__ void add(uint4, int, uint8_t *, int, int, int) {}
};

/* Rows of block b from x; padding bits and the bytes up to the stride become zero. */
template <int Q>
__device__ __forceinline__ void pack_rows(const float *x, const SgqPacked &out, int b,
                                          unsigned long long *error, int site) {
  constexpr int columns = packed_columns(Q);
  constexpr int first = section_width(Q, 0), second = section_width(Q, 1), third = section_width(Q, 2);
  const SgqBlock &block = out.block[b];
  unsigned groups = (unsigned)sgq_ceil_div(out.cols, columns);
  int row_in_block = (int)(sgq_thread() / groups);
  int group = (int)(sgq_thread() % groups);
  if (row_in_block >= block.row_end - block.row_start) return;
  uint8_t *row = block.data + (long long)row_in_block * block.stride;
  int second_at = sgq_section_offset(Q, out.cols, second == 0 ? 0 : 1);
  int third_at = sgq_section_offset(Q, out.cols, third == 0 ? 0 : 2);
  Section<first, second + third> high;
  Section<second, third> middle;
  Section<third, 0> low;
#pragma unroll 1
  for (int c = group * columns; c < (group + 1) * columns; c += 4) {
    uint4 u = codes_of<Q>(x, out, block, block.row_start + row_in_block, c, error, site);
    high.add(u, c, row, 0, out.cols, block.stride);
    middle.add(u, c, row, second_at, out.cols, block.stride);
    low.add(u, c, row, third_at, out.cols, block.stride);
  }
  if (group == (int)groups - 1) {
    for (int at = (sgq_payload_bytes(Q, out.cols) + 3) / 4 * 4; at < block.stride; at += 4) {
      *reinterpret_cast<unsigned *>(row + at) = 0;
    }
  }
}

/* The W-bit parts of columns c .. c + 3 of a section at byte `at`, side by side from bit 0 on. */
template <int W>
__device__ __forceinline__ unsigned section_quad(const uint8_t *row, int at, int stride, int c) {
  if (stride == 1) return row[0] >> c * W;
  if (stride == 2) return *reinterpret_cast<const uint16_t *>(row) >> c * W;
  int word = c / 32 * (4 * W) + c % 32 * W / 32 * 4;
  return *reinterpret_cast<const unsigned *>(row + at + word) >> (unsigned)c * W % 32;
}

/* Adds the parts of one section to four codes: u = u << W | part. */
template <int W>
__device__ __forceinline__ void append(uint4 &u, const uint8_t *row, int at, int stride, int c) {
  const unsigned mask = (1u << W) - 1;
  unsigned parts = section_quad<W>(row, at, stride, c);
  u.x = u.x << W | (parts & mask);
  u.y = u.y << W | (parts >> W & mask);
  u.z = u.z << W | (parts >> 2 * W & mask);
  u.w = u.w << W | (parts >> 3 * W & mask);
}

/* Rows of block b to floats, a quad per thread. */
template <int Q>
__device__ __forceinline__ void unpack_rows(const SgqPacked &x, int b, float *out) {
  constexpr int first = section_width(Q, 0), second = section_width(Q, 1), third = section_width(Q, 2);
  const SgqBlock &block = x.block[b];
  SgqQuad quad(x.cols);
  int row_in_block = quad.row;
  int c = quad.column;
  if (row_in_block >= block.row_end - block.row_start) return;
  const uint8_t *row = block.data + (long long)row_in_block * block.stride;
  uint4 u = make_uint4(0, 0, 0, 0);
  append<first>(u, row, 0, block.stride, c);
  if constexpr (second > 0) append<second>(u, row, sgq_section_offset(Q, x.cols, 1), block.stride, c);
  if constexpr (third > 0) append<third>(u, row, sgq_section_offset(Q, x.cols, 2), block.stride, c);
  float4 numbers = is_float_width(Q) ? sgq_numbers(block, u) : sgq_to_floats(u);
  SgqParams params = sgq_params(x, block, row_in_block, c);
  float *target = out + (long long)(block.row_start + row_in_block) * sgq_stride(x.cols);
  sgq_store_quad(target, c, sgq_dequantized(numbers, params));
}

}  // namespace sgq_quantize

#define SGQ_WIDTH(Q)                                                                                    \
  extern "C" __global__ void __launch_bounds__(sgq_quantize::BLOCK)                                     \
      pack_rows_q##Q(const float *x, const SgqPacked out, int b, unsigned long long *error, int site) { \
    sgq_quantize::pack_rows<Q>(x, out, b, error, site);                                                 \
  }                                                                                                     \
  extern "C" __global__ void __launch_bounds__(sgq_quantize::BLOCK)                                     \
      unpack_rows_q##Q(const SgqPacked x, int b, float *out) {                                          \
    sgq_quantize::unpack_rows<Q>(x, b, out);                                                            \
  }

SGQ_WIDTH(1)
SGQ_WIDTH(2)
SGQ_WIDTH(3)
SGQ_WIDTH(4)
SGQ_WIDTH(5)
SGQ_WIDTH(6)
SGQ_WIDTH(7)
SGQ_WIDTH(8)
SGQ_WIDTH(16)
#undef SGQ_WIDTH

namespace sgq_quantize {

/* The greater of largest and |v|; NaN is left out. */
__device__ __forceinline__ float larger(float largest, float v) {
  return fabsf(v) > largest ? fabsf(v) : largest;
}

/* Scales of a row of floats, one lane for every LANES-th of them. */
template <int LANES>
__device__ __forceinline__ void store_scales(const float *row, const SgqBlock &block, int row_in_block, int cols,
                                             int lane) {
  uint8_t *scales = block.row_codes + (long long)row_in_block * sgq_float_scales(cols);
  for (int s = lane; s < sgq_float_scales(cols); s += LANES) {
    float largest = 0;
    for (int c = s * SGQ_FLOAT_BLOCK; c < min((s + 1) * SGQ_FLOAT_BLOCK, cols); c++) largest = larger(largest, row[c]);
    scales[s] = (uint8_t)SgqFloats(block.format).scale_code(largest);
  }
}

}  // namespace sgq_quantize

/*
 * Codes of the rows of all packed blocks from their largest magnitudes: scales of floats, and with ROW_CODE codes of
 * integers; four lanes per row.
 */
extern "C" __global__ void __launch_bounds__(sgq_quantize::BLOCK) row_codes_f32(const float *x, const SgqPacked out) {
  constexpr int LANES = 4;
  int r = (int)(sgq_thread() / LANES);
  int lane = (int)(sgq_thread() % LANES);
  const SgqBlock &block = out.block[sgq_block_of(out, r)];
  bool exists = r < block.row_end && block.bits < 32;
  const float *row = x + (long long)r * sgq_stride(out.cols);
  if (exists && block.format != 0) {
    sgq_quantize::store_scales<LANES>(row, block, r - block.row_start, out.cols, lane);
    exists = false;
  }
  exists = exists && out.granularity == SGQ_ROW_CODE;
  float largest = 0;
  if (exists) {
    for (int c = lane; c < out.cols; c += LANES) largest = sgq_quantize::larger(largest, row[c]);
  }
  for (int step = 1; step < LANES; step *= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, step));
  }
  if (exists && lane == 0) {
    block.row_codes[r - block.row_start] = (uint8_t)sgq_row_code_of(largest, block.scale[1], block.bits);
  }
}

/* Floats of block b as they are, the padding of a row zero; a float per thread, any value allowed. */
extern "C" __global__ void __launch_bounds__(sgq_quantize::BLOCK)
    pack_rows_f32(const float *x, const SgqPacked out, int b) {
  const SgqBlock &block = out.block[b];
  unsigned floats = (unsigned)block.stride / 4;
  int row_in_block = (int)(sgq_thread() / floats);
  int c = (int)(sgq_thread() % floats);
  if (row_in_block >= block.row_end - block.row_start) return;
  const float *row = x + (long long)(block.row_start + row_in_block) * sgq_stride(out.cols);
  reinterpret_cast<float *>(block.data)[sgq_thread()] = c < out.cols ? row[c] : 0;
}

extern "C" __global__ void __launch_bounds__(sgq_quantize::BLOCK)
    unpack_rows_f32(const SgqPacked x, int b, float *out) {
  const SgqBlock &block = x.block[b];
  unsigned floats = (unsigned)block.stride / 4;
  int row_in_block = (int)(sgq_thread() / floats);
  int c = (int)(sgq_thread() % floats);
  if (row_in_block >= block.row_end - block.row_start || c >= x.cols) return;
  const float *data = reinterpret_cast<const float *>(block.data);
  out[(long long)(block.row_start + row_in_block) * sgq_stride(x.cols) + c] = data[sgq_thread()];
}
