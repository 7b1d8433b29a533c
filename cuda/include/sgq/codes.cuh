/*
 * Codes of packed rows whose width is known at run time only, four columns (a quad) at a time.
 *
 * A quad starts at a column that is a multiple of 4, so its parts lie in one word of each section. What is
 * read for columns past the last may be anything.
 */
#ifndef SGQ_CODES_CUH
#define SGQ_CODES_CUH

#include "sgq/quantizer.cuh"

/* One section of a packed row: its first byte, and its width, 0 where there is no such section. */
struct SgqSection {
  int byte;
  int width;
};

/* Section s of rows of `cols` codes of width q. */
__device__ __forceinline__ SgqSection sgq_section(int q, int cols, int s) {
  if (s >= sgq_sections(q)) return {0, 0};
  return {sgq_section_offset(q, cols, s), sgq_section_width(q, s)};
}

/* Bit of a section of a row of features, of fewer than 2^28 bytes, at which column c begins. */
struct SgqQuadBits {
  int bit;
  int width;

  __device__ __forceinline__ SgqQuadBits() : bit(0), width(0) {}

  __device__ __forceinline__ SgqQuadBits(SgqSection s, int c) : bit(8 * s.byte + c * s.width), width(s.width) {}
};

/* Appends the parts that word holds from bit 0 on: u = u << width | part. */
__device__ __forceinline__ void sgq_append(uint4 &u, unsigned word, int width) {
  unsigned mask = (1u << width) - 1;
  u.x = u.x << width | (word & mask);
  u.y = u.y << width | (word >> width & mask);
  u.z = u.z << width | (word >> 2 * width & mask);
  u.w = u.w << width | (word >> 3 * width & mask);
}

/*
 * Word of a row that holds bit `bit`, from that bit on. Rows of 1 and 2 bytes share aligned words; their bits
 * beyond the row are those of the next.
 */
__device__ __forceinline__ unsigned sgq_bits_from(const uint8_t *row, int bit) {
  const uint8_t *at = row + bit / 32 * 4;
  unsigned byte = (unsigned)(reinterpret_cast<uintptr_t>(at) & 3);
  return __ldg(reinterpret_cast<const unsigned *>(at - byte)) >> (8 * byte + (unsigned)bit % 32);
}

/* Codes of columns c .. c + 3 of the rows of one width; SPLIT where it has more than one section. */
template <bool SPLIT>
struct SgqQuadCodes {
  SgqQuadBits first, second, third;

  __device__ __forceinline__ SgqQuadCodes(int q, int cols, int c) : first(sgq_section(q, cols, 0), c) {
    if (SPLIT) {
      second = SgqQuadBits(sgq_section(q, cols, 1), c);
      third = SgqQuadBits(sgq_section(q, cols, 2), c);
    }
  }

  /* The words that hold a quad's codes, the parts of each from bit 0 on. */
  struct Words {
    unsigned first, second, third;
  };

  __device__ __forceinline__ Words load(const uint8_t *row) const {
    if (!SPLIT) return {sgq_bits_from(row, first.bit), 0, 0};
    /* Without a third section this reads word 0, of which nothing is kept: cheaper than a branch. */
    return {sgq_bits_from(row, first.bit), sgq_bits_from(row, second.bit), sgq_bits_from(row, third.bit)};
  }

  __device__ __forceinline__ uint4 decode(Words words) const {
    uint4 u = make_uint4(0, 0, 0, 0);
    sgq_append(u, words.first, first.width);
    if (SPLIT) {
      sgq_append(u, words.second, second.width);
      sgq_append(u, words.third, third.width);
    }
    return u;
  }

  __device__ __forceinline__ uint4 operator()(const uint8_t *row) const {
    return decode(load(row));
  }

  /* Goes on to the next quad. */
  __device__ __forceinline__ void advance() {
    first.bit += 4 * first.width;
    second.bit += 4 * second.width;
    third.bit += 4 * third.width;
  }
};

/* Floats c .. c + 3 of a row of a 32-bit block; rows of one and two floats are no whole quads. */
__device__ __forceinline__ float4 sgq_float_quad(const uint8_t *row, int stride, int c) {
  const float *floats = reinterpret_cast<const float *>(row);
  if (stride == 4) return make_float4(floats[0], 0, 0, 0);
  if (stride == 8) return make_float4(floats[0], floats[1], 0, 0);
  return sgq_load_quad(floats, c);
}

/* Where a row of a packed matrix is; block -1 past the last. */
struct SgqSource {
  const uint8_t *row;
  int block;
  int row_in_block;
};

__device__ __forceinline__ SgqSource sgq_source_of(const SgqPacked &a, int rows, int r) {
  if (r >= rows) return {nullptr, -1, 0};
  int b = sgq_block_of(a, r);
  int row_in_block = r - a.block[b].row_start;
  return {a.block[b].data + (long long)row_in_block * a.block[b].stride, b, row_in_block};
}

/* acc + x. */
__device__ __forceinline__ float4 sgq_sum(float4 acc, float4 x) {
  return make_float4(acc.x + x.x, acc.y + x.y, acc.z + x.z, acc.w + x.w);
}

/* fma(a, x, acc). */
__device__ __forceinline__ float4 sgq_fma(float a, float4 x, float4 acc) {
  return make_float4(fmaf(a, x.x, acc.x), fmaf(a, x.y, acc.y), fmaf(a, x.z, acc.z), fmaf(a, x.w, acc.w));
}

__device__ __forceinline__ float4 sgq_fma(float4 a, float4 x, float4 acc) {
  return make_float4(fmaf(a.x, x.x, acc.x), fmaf(a.y, x.y, acc.y), fmaf(a.z, x.z, acc.z), fmaf(a.w, x.w, acc.w));
}

#endif
