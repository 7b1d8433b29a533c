/*
 * Rows of a sparse packed matrix, decoded as they are read: the layout of org.sgquant.tensor.SparsePackedLayout.
 *
 * One segment: a header of int32 words, then sections of bit fields that each start on 4 bytes. A row is its codes that
 * are not 0, by ascending position in the order of columns; a Rice code gives the gap to the position before.
 */
#ifndef SGQ_SPARSE_ROWS_CUH
#define SGQ_SPARSE_ROWS_CUH

#include "sgq/packed.cuh"

/* Rows that share an entry of the starts. */
#define SGQ_SPARSE_GROUP 32

/* Words of the header: sizes and widths, then bytes from the start of the segment. */
enum SgqSparseHeader {
  SGQ_SPARSE_ROWS,
  SGQ_SPARSE_COLS,
  SGQ_SPARSE_GRANULARITY,
  SGQ_SPARSE_BLOCKS,
  SGQ_SPARSE_COLUMN_BITS,
  SGQ_SPARSE_LENGTH_BITS,
  SGQ_SPARSE_SCALE_BITS,
  SGQ_SPARSE_SCALES,
  SGQ_SPARSE_ORDER_AT,
  SGQ_SPARSE_LENGTHS_AT,
  SGQ_SPARSE_STARTS_AT,
  SGQ_SPARSE_SCALE_CODES_AT,
  SGQ_SPARSE_SCALES_AT,
  SGQ_SPARSE_STREAM_AT,
  SGQ_SPARSE_BYTES,
  SGQ_SPARSE_FIRST,                          // 16 words: first position of each Rice parameter, falling
  SGQ_SPARSE_BLOCK = SGQ_SPARSE_FIRST + 16,  // two words per block: row_end, bits
};

/* 32 bits from bit `bit` on. */
__device__ __forceinline__ unsigned sgq_bits(const unsigned *words, long long bit) {
  const unsigned *at = words + (bit >> 5);
  return __funnelshift_r(at[0], at[1], (unsigned)bit & 31);
}

/* A sparse packed matrix at `words`; slack follows its last word. */
struct SgqSparse {
  const unsigned *words;

  __device__ __forceinline__ int header(int i) const {
    return (int)words[i];
  }

  __device__ __forceinline__ const unsigned *section(int at) const {
    return words + header(at) / 4;
  }

  /* Field i of a section of fields of `bits` bits, fewer than 32. */
  __device__ __forceinline__ unsigned field(int at, long long i, int bits) const {
    return sgq_bits(section(at), i * bits) & ((1u << bits) - 1);
  }

  __device__ __forceinline__ int row_end(int b) const {
    return header(SGQ_SPARSE_BLOCK + 2 * b);
  }

  __device__ __forceinline__ int bits(int b) const {
    return header(SGQ_SPARSE_BLOCK + 2 * b + 1);
  }

  __device__ __forceinline__ int block_of(int r) const {
    int b = 0;
    while (r >= row_end(b)) b++;
    return b;
  }

  /* Scales of block b where no row has its own: the first, or that of column 0, which those of others follow. */
  __device__ __forceinline__ const float *block_scale(int b) const {
    int granularity = header(SGQ_SPARSE_GRANULARITY);
    int per_block = granularity == SGQ_COLUMN ? header(SGQ_SPARSE_COLS) : granularity == SGQ_ROW_CODE ? 2 : 1;
    return (const float *)section(SGQ_SPARSE_SCALES_AT) + (long long)b * per_block;
  }

  /* The same for row r of block b, without the code of the row. */
  __device__ __forceinline__ const float *row_scale(int b, int r) const {
    if (header(SGQ_SPARSE_GRANULARITY) != SGQ_ROW) return block_scale(b);
    int bits = header(SGQ_SPARSE_SCALE_BITS);
    return block_scale(0) + (bits == 0 ? r : (int)field(SGQ_SPARSE_SCALE_CODES_AT, r, bits));
  }

  /* Code of row r, 1 where rows have none. */
  __device__ __forceinline__ unsigned row_code(int r) const {
    if (header(SGQ_SPARSE_GRANULARITY) != SGQ_ROW_CODE) return 1;
    return field(SGQ_SPARSE_SCALE_CODES_AT, r, header(SGQ_SPARSE_SCALE_BITS));
  }

  /* 1 where the columns have scales of their own, else 0. */
  __device__ __forceinline__ int scale_step() const {
    return header(SGQ_SPARSE_GRANULARITY) == SGQ_COLUMN ? 1 : 0;
  }

  /* First bit of row r in the stream. */
  __device__ __forceinline__ long long begin(int r) const {
    int group = r / SGQ_SPARSE_GROUP;
    long long bit = section(SGQ_SPARSE_STARTS_AT)[group];
    for (int i = group * SGQ_SPARSE_GROUP; i < r; i++) bit += length(i);
    return bit;
  }

  __device__ __forceinline__ unsigned length(int r) const {
    return field(SGQ_SPARSE_LENGTHS_AT, r, header(SGQ_SPARSE_LENGTH_BITS));
  }

  /* visit(column, code) for the codes of row r that are not 0, of `code_bits` bits, in the order of storage. */
  template <typename Visit>
  __device__ __forceinline__ void each_code(int r, int code_bits, const Visit &visit) const {
    const unsigned *stream = section(SGQ_SPARSE_STREAM_AT);
    long long bit = begin(r);
    long long end = bit + length(r);
    int position = 0;
    int k = 15;
    while (bit < end) {
      while (k > 0 && position >= header(SGQ_SPARSE_FIRST + k - 1)) k--;
      unsigned window = sgq_bits(stream, bit);
      for (; window == 0; window = sgq_bits(stream, bit)) {
        position += 32 << k;
        bit += 32;
      }
      int quotient = __ffs((int)window) - 1;
      bit += quotient + 1;
      window = sgq_bits(stream, bit);
      position += (quotient << k) + (int)(window & ((1u << k) - 1));
      bit += k;
      int code = 1;
      if (code_bits > 1) {
        code = (int)(window >> k & ((1u << code_bits) - 1));
        bit += code_bits;
      }
      visit((int)field(SGQ_SPARSE_ORDER_AT, position++, header(SGQ_SPARSE_COLUMN_BITS)), code);
    }
  }
};

#endif
