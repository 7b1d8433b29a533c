// Exact sums of packed codes of gathered rows, each multiplied by the weight code of its edge.
#pragma once

#include <immintrin.h>

#include "packed_spmm.h"
#include "section_sums.h"

namespace sgq {
namespace {

/** Codes of the weights of edges, at [e] that of edge e, and the largest that their width has, below 2^8. */
struct Weights {
    const uint8_t *codes;
    int32_t largest;
};

/** a0 b0 + a1 b1 in every lane of 16 bits, of bytes a up to 255 and b up to 15: no sum leaves 15 bits. */
SGQ_INLINE Shorts<16> dot_bytes(Shorts<16> a, Shorts<16> b) {
    return (Shorts<16>)_mm_maddubs_epi16((__m128i)a, (__m128i)b);
}

SGQ_INLINE Shorts<32> dot_bytes(Shorts<32> a, Shorts<32> b) {
    return (Shorts<32>)_mm256_maddubs_epi16((__m256i)a, (__m256i)b);
}

#ifdef __AVX512BW__
SGQ_INLINE Shorts<64> dot_bytes(Shorts<64> a, Shorts<64> b) {
    return (Shorts<64>)_mm512_maddubs_epi16((__m512i)a, (__m512i)b);
}
#endif

/**
 * Sums of weight code times code of WIDTH bits over rows, N vectors of BYTES bytes a row.
 *
 * Rows are taken in pairs: the bytes of both stand side by side in a lane of 16 bits, and a field of either, of 4 bits at
 * most, is multiplied and added in one instruction. Codes of 8 bits are two fields. Lanes of 16 bits hold a field's sums
 * until these could overflow, and are added to 32-bit sums in the order of columns.
 */
template <int WIDTH, int BYTES, int N>
struct WeightedSums {
    using V = Shorts<BYTES>;

    static constexpr int FIELD = WIDTH == 8 ? 4 : WIDTH;
    /** Fields of 16 bits, and so vectors of sums of one vector of codes. */
    static constexpr int FIELDS = 16 / FIELD;
    static constexpr int LARGEST = (1 << FIELD) - 1;

    static SGQ_INLINE void add(V a, V b, V weights, V *sums) {
        V even = (a & 0xff) | (b << 8);
        V odd = (a >> 8) | (b & 0xff00);
        for (int f = 0; f < FIELDS / 2; f++) {
            sums[f] += dot_bytes(weights, even >> (f * FIELD) & 0x101 * LARGEST);
            sums[FIELDS / 2 + f] += dot_bytes(weights, odd >> (f * FIELD) & 0x101 * LARGEST);
        }
    }

    /** The index whose bits are those of `i` in reverse order, as SectionSums orders vectors. */
    static constexpr int reversed(int i) {
        int r = 0;
        for (int bit = 1; bit < FIELDS; bit *= 2) {
            r = 2 * r + (i & bit ? 1 : 0);
        }
        return r;
    }

    /** sums += the lanes of one vector of codes, shifted left by `shift`. */
    static SGQ_INLINE void flush(const V *fields, int shift, uint32_t *sums) {
        V v[FIELDS];
        for (int f = 0; f < FIELDS; f++) {
            v[reversed(f)] = fields[f];
        }
        SectionSums<FIELD, BYTES, 1, 1>::template order<FIELDS>(v);
        uint16_t lanes[FIELDS * BYTES / 2];
        memcpy(lanes, v, sizeof lanes);
        for (int c = 0; c < 8 * BYTES / WIDTH; c++) {
            uint32_t sum = WIDTH == 8 ? lanes[2 * c] + ((uint32_t)lanes[2 * c + 1] << 4) : lanes[c];
            sums[c] += sum << shift;
        }
    }

    /** sums += weight code times code of edges [from, to), shifted left by `shift`. */
    static SGQ_INLINE void run(const Gather &rows, Weights weights, int32_t from, int32_t to, int shift, uint32_t *sums) {
        int32_t fit = 2 * (UINT16_MAX / (2 * LARGEST * weights.largest));
        for (int32_t e = from; e < to;) {
            int32_t stop = to - e < fit ? to : e + fit;
            V fields[N][FIELDS] = {};
            for (; e + 2 <= stop; e += 2) {
                const uint8_t *a = rows.row<N * BYTES>(e);
                const uint8_t *b = rows.row<N * BYTES>(e + 1);
                V both = load<uint16_t>(weights.codes + e) - V{};
                for (int i = 0; i < N; i++) {
                    add(load<V>(a + i * BYTES), load<V>(b + i * BYTES), both, fields[i]);
                }
            }
            if (e < stop) {
                const uint8_t *a = rows.row<N * BYTES>(e);
                V one = (uint16_t)weights.codes[e] - V{};
                for (int i = 0; i < N; i++) {
                    add(load<V>(a + i * BYTES), V{}, one, fields[i]);
                }
                e++;
            }
            for (int i = 0; i < N; i++) {
                flush(fields[i], shift, sums + i * 8 * BYTES / WIDTH);
            }
        }
    }
};

/** Weight codes of one part of the edges, unpacked a stretch at a time. */
class WeightCodes {
    static constexpr int ROOM = 2048;

    alignas(64) uint8_t codes[ROOM];
    const sgq_weights *part = nullptr;
    int32_t from = 0;
    int32_t to = 0;

    /** codes[i] |= the i-th of the values of WIDTH bits in `bytes` bytes at `packed`, shifted left by `shift`. */
    template <int WIDTH>
    void unpack(const uint8_t *packed, int bytes, int shift) {
        constexpr int each = 8 / WIDTH;
        for (int b = 0; b < bytes; b++) {
            for (int i = 0; i < each; i++) {
                codes[b * each + i] |= (packed[b] >> (i * WIDTH) & ((1 << WIDTH) - 1)) << shift;
            }
        }
    }

    void move_to(int32_t e) {
        // Eight codes are whole bytes at any width.
        int32_t first = (e - part->edge_start) & ~7;
        int count = part->edge_end - part->edge_start - first < ROOM ? part->edge_end - part->edge_start - first : ROOM;
        memset(codes, 0, sizeof codes);
        int shift = part->bits;
        for (int s = 0; s < part->sections; s++) {
            int width = part->widths[s];
            shift -= width;
            const uint8_t *packed = part->codes + part->section_offset[s] + (int64_t)first * width / 8;
            int bytes = (count * width + 7) / 8;
            switch (width) {
                case 8: unpack<8>(packed, bytes, shift); break;
                case 4: unpack<4>(packed, bytes, shift); break;
                case 2: unpack<2>(packed, bytes, shift); break;
                default: unpack<1>(packed, bytes, shift); break;
            }
        }
        from = part->edge_start + first;
        to = from + count;
    }

public:
    /** The codes of edges [e, stop) of `of`, with `stop` brought down to what there is room for. */
    Weights at(const sgq_weights *of, int32_t e, int32_t &stop) {
        if (of != part || e < from || stop > to) {
            part = of;
            move_to(e);
        }
        stop = stop < to ? stop : to;
        return {codes - from, (1 << part->bits) - 1};
    }
};

}  // namespace
}  // namespace sgq
