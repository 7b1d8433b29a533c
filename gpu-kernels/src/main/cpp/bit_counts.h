// Sums of 1-bit codes where bits of memory can be the mask of an addition.
#pragma once

#ifdef __AVX512BW__

#include <immintrin.h>

#include "weighted_sums.h"

namespace sgq {
namespace {

/** The same as SectionSums of width 1: 64 bits of a row say to which of 64 bytes 1 is added, up to 255 times. */
template <int BYTES>
struct BitCounts {
    static constexpr int MASKS = BYTES / 8;

    static SGQ_INLINE void run(const Gather &rows, int32_t from, int32_t to, int shift, uint32_t *sums) {
        const __m512i one = _mm512_set1_epi8(1);
        for (int32_t e = from; e < to;) {
            int32_t stop = to - e < UINT8_MAX ? to : e + UINT8_MAX;
            __m512i counts[MASKS] = {};
            for (; e < stop; e++) {
                const uint8_t *row = rows.row<BYTES>(e);
                for (int m = 0; m < MASKS; m++) {
                    counts[m] = _mm512_mask_add_epi8(counts[m], load<uint64_t>(row + 8 * m), counts[m], one);
                }
            }
            uint8_t lanes[8 * BYTES];
            memcpy(lanes, counts, sizeof lanes);
            for (int c = 0; c < 8 * BYTES; c++) {
                sums[c] += (uint32_t)lanes[c] << shift;
            }
        }
    }
};

/** The same as WeightedSums of width 1: 32 bits of a row say to which of 32 lanes of 16 bits a weight is added. */
template <int BYTES>
struct WeightedBits {
    static constexpr int MASKS = BYTES / 4;

    static SGQ_INLINE void run(const Gather &rows, Weights weights, int32_t from, int32_t to, int shift, uint32_t *sums) {
        int32_t fit = UINT16_MAX / weights.largest;
        for (int32_t e = from; e < to;) {
            int32_t stop = to - e < fit ? to : e + fit;
            __m512i counts[MASKS] = {};
            for (; e < stop; e++) {
                const uint8_t *row = rows.row<BYTES>(e);
                __m512i weight = _mm512_set1_epi16(weights.codes[e]);
                for (int m = 0; m < MASKS; m++) {
                    counts[m] = _mm512_mask_add_epi16(counts[m], load<uint32_t>(row + 4 * m), counts[m], weight);
                }
            }
            uint16_t lanes[8 * BYTES];
            memcpy(lanes, counts, sizeof lanes);
            for (int c = 0; c < 8 * BYTES; c++) {
                sums[c] += (uint32_t)lanes[c] << shift;
            }
        }
    }
};

}  // namespace
}  // namespace sgq

#endif
