/*
 * Where the code of column c of a packed row stands: the layout of org.sgquant.tensor.PackedLayout, for C and CUDA C++.
 *
 *   sections(q)    = { q } for q = 1, 2, 4, 8; 3 = 2+1, 5 = 4+1, 6 = 4+2, 7 = 4+2+1, 16 = 8+8; widest first,
 *                    the first section holding the most significant bits
 *   bytes(w)       = ceil(cols * w / 8)
 *   offset(s)      = sum over t < s of 4 * ceil(bytes(w_t) / 4)
 *   payload        = offset(last) + bytes(w_last)
 *   stride         = 1, 2, 4 or 8, the least that holds payload, if payload <= 8; else 16 * ceil(payload / 16)
 *   part(s, c)     = (byte[offset(s) + c * w_s / 8] >> (c * w_s % 8)) & (2^w_s - 1)
 *   code(c)        = part(0, c) : part(1, c) : ...   (concatenated bits)
 *
 * Widths: q in 1..8 and 16; rows of 32-bit values are plain floats and need no code, only a stride. Sizes are in
 * bytes, and those of a row stay below 2^31; its bits need not: edge weights are one row. Nothing is checked: the host
 * allocates by the same formulas.
 */
#ifndef SGQ_PACKED_LAYOUT_H
#define SGQ_PACKED_LAYOUT_H

#include <stdint.h>

#ifdef __CUDACC__
#define SGQ_HD __host__ __device__ __forceinline__
#else
#define SGQ_HD static inline
#endif

/* Number of sections of width q. */
SGQ_HD int sgq_sections(int q) {
  return q == 7 ? 3 : q == 3 || q == 5 || q == 6 || q == 16 ? 2 : 1;
}

/* Width in bits of section s of width q. */
SGQ_HD int sgq_section_width(int q, int s) {
  if (q == 16) return 8;
  if (sgq_sections(q) == 1) return q;
  /* The binary digits of q, highest first: 7 = 4+2+1, and 3, 5, 6 have two of them. */
  int w = 4;
  for (;; w >>= 1) {
    if ((q & w) != 0 && s-- == 0) return w;
  }
}

/* Byte of a section of width w that holds value c: c * w / 8, of which the product may not fit 32 bits. */
SGQ_HD int sgq_byte_of(int w, int c) {
  unsigned i = (unsigned)c, width = (unsigned)w;
  return (int)(i / 8 * width + i % 8 * width / 8);
}

/* Lowest bit of value c within that byte. */
SGQ_HD int sgq_bit_of(int w, int c) {
  return (int)((unsigned)c * (unsigned)w % 8);
}

/* Bytes that a section of width w needs for cols values: ceil(cols * w / 8). */
SGQ_HD int sgq_section_bytes(int w, int cols) {
  unsigned n = (unsigned)cols, width = (unsigned)w;
  return (int)(n / 8 * width + (n % 8 * width + 7) / 8);
}

/* Byte offset of section s within the row; every section starts on 4 bytes. */
SGQ_HD int sgq_section_offset(int q, int cols, int s) {
  int offset = 0;
  for (int i = 0; i < s; i++) {
    offset += (sgq_section_bytes(sgq_section_width(q, i), cols) + 3) / 4 * 4;
  }
  return offset;
}

/* Bytes of a row before it is padded to the stride. */
SGQ_HD int sgq_payload_bytes(int q, int cols) {
  int last = sgq_sections(q) - 1;
  return sgq_section_offset(q, cols, last) + sgq_section_bytes(sgq_section_width(q, last), cols);
}

/* Bytes from one row to the next. */
SGQ_HD int sgq_row_stride(int q, int cols) {
  int payload = sgq_payload_bytes(q, cols);
  if (payload > 8) return (payload + 15) / 16 * 16;
  return payload <= 1 ? 1 : payload <= 2 ? 2 : payload <= 4 ? 4 : 8;
}

/* Reads the code of column c of the row that starts at row. */
SGQ_HD uint32_t sgq_code(const uint8_t *row, int q, int cols, int c) {
  uint32_t code = 0;
  for (int s = 0; s < sgq_sections(q); s++) {
    int w = sgq_section_width(q, s);
    uint32_t byte = row[sgq_section_offset(q, cols, s) + sgq_byte_of(w, c)];
    code = code << w | (byte >> sgq_bit_of(w, c) & ((1u << w) - 1));
  }
  return code;
}

/* Writes code into column c. Columns may share a byte, so two threads must not write the same row. */
SGQ_HD void sgq_set_code(uint8_t *row, int q, int cols, int c, uint32_t code) {
  int rest = q;
  for (int s = 0; s < sgq_sections(q); s++) {
    int w = sgq_section_width(q, s);
    int bit = sgq_bit_of(w, c);
    rest -= w;
    uint32_t mask = (1u << w) - 1;
    uint8_t *byte = row + sgq_section_offset(q, cols, s) + sgq_byte_of(w, c);
    *byte = (uint8_t)((*byte & ~(mask << bit)) | (code >> rest & mask) << bit);
  }
}

#endif
