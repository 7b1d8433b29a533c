// Exact sums of packed codes of gathered rows, without unpacking a code to a number of its own.
#pragma once

#include "lanes.h"

namespace sgq {
namespace {

/** Rows to gather: edge e reads at base + col_idx[e] * stride, while what edge e + AHEAD reads is on its way. */
struct Gather {
    static constexpr int AHEAD = 64;
    static constexpr int LINE = 64;

    const int32_t *col_idx;
    /** The last edge that may be looked at. */
    int32_t last;
    /** Where row 0 would stand: rows of other blocks are elsewhere, so that it may lie before all memory of this one. */
    uintptr_t base;
    int64_t stride;

    /** The edge whose row is fetched while that of edge e is read. */
    SGQ_INLINE int32_t ahead(int32_t e) const { return e < last - AHEAD ? e + AHEAD : last; }

    /** Asks for a line, into the second cache: more are under way at once than the first one can wait for. */
    static SGQ_INLINE void fetch(uintptr_t line) { __builtin_prefetch((const void *)line, 0, 2); }

    template <int BYTES>
    SGQ_INLINE const uint8_t *row(int32_t e) const {
        uintptr_t later = base + col_idx[ahead(e)] * stride;
        for (int b = 0; b < BYTES; b += LINE) {
            fetch(later + b);
        }
        return (const uint8_t *)(base + col_idx[e] * stride);
    }
};

/**
 * Sums of codes of WIDTH bits over rows, N vectors of BYTES bytes a row, ROWS rows side by side in a register.
 *
 * Codes are added in lanes of twice their width; before those can overflow they are added to lanes twice as wide
 * again, and so on up to 16 bits: 2^(L/2) + 1 times, since (2^L - 1) / (2^(L/2) - 1) sums of the largest value of L/2
 * bits just fit L bits. Lanes of 16 bits are added to 32-bit sums in the order of columns.
 */
template <int WIDTH, int BYTES, int N, int ROWS>
struct SectionSums {
    using V = Shorts<BYTES * ROWS>;
    using Row = Shorts<BYTES>;

    /** How many vectors of lanes of LANE bits hold what one vector of codes holds. */
    static constexpr int spread(int lane) { return lane / WIDTH; }

    /** How often values of LANE / 2 bits fit lanes of LANE; those of 16 bits take those of all rows in the end. */
    static constexpr int fit(int lane) { return ((1 << (lane / 2)) + 1) / (lane == 16 ? ROWS : 1); }

    /** The low LANE bits of every 2 * LANE. */
    static constexpr uint16_t low(int lane) { return (uint16_t)(0xffff / ((1 << lane) + 1)); }

    template <int LANE>
    struct Sums {
        V v[N][spread(LANE)];
    };

    /** Adds values of LANE / 2 bits to lanes of LANE bits, the even ones and the odd ones. */
    template <int LANE>
    static SGQ_INLINE void widen(V part, V &even, V &odd) {
        even += part & low(LANE / 2);
        odd += (part >> (LANE / 2)) & low(LANE / 2);
    }

    /** Adds the codes of edges [e, e + count), ROWS at most, the even ones with the odd ones still above them. */
    static SGQ_INLINE void add_rows(const Gather &rows, int32_t e, int32_t count, Sums<2 * WIDTH> &sums) {
        static const uint8_t nothing[N * BYTES] = {};
        const uint8_t *row[ROWS];
        for (int r = 0; r < ROWS; r++) {
            row[r] = r < count ? rows.row<N * BYTES>(e + r) : nothing;
        }
        for (int i = 0; i < N; i++) {
            V part = join<V, Row, ROWS>(row, i * BYTES);
            sums.v[i][0] += part;
            sums.v[i][1] += (part >> WIDTH) & low(WIDTH);
        }
    }

    /** Sums edges from `e` on in `sums`, which are 0, as many as fit, up to `end`; returns the next. */
    template <int LANE>
    static SGQ_INLINE int32_t add(const Gather &rows, int32_t e, int32_t end, Sums<LANE> &sums) {
        if constexpr (LANE == 2 * WIDTH) {
            int32_t stop = end - e < fit(LANE) * ROWS ? end : e + fit(LANE) * ROWS;
            for (; e + ROWS <= stop; e += ROWS) {
                add_rows(rows, e, ROWS, sums);
            }
            if (e < stop) {
                add_rows(rows, e, stop - e, sums);
            }
            // Modulo 2^16, which the even ones alone do not reach, whatever the sum of both has lost.
            for (int i = 0; i < N; i++) {
                sums.v[i][0] -= sums.v[i][1] << WIDTH;
            }
            return stop;
        } else {
            for (int part = 0; part < fit(LANE) && e < end; part++) {
                Sums<LANE / 2> narrow = {};
                e = add<LANE / 2>(rows, e, end, narrow);
                for (int i = 0; i < N; i++) {
                    for (int k = 0; k < spread(LANE / 2); k++) {
                        widen<LANE>(narrow.v[i][k], sums.v[i][2 * k], sums.v[i][2 * k + 1]);
                    }
                }
            }
            return e;
        }
    }

    /** Interleaves vectors until the lanes of v follow the columns. */
    template <int COUNT>
    static SGQ_INLINE void order(Row *v) {
        if constexpr (COUNT > 1) {
            using Lanes = std::make_index_sequence<BYTES / 2>;
            // The first split told even columns from odd ones, the halves of v.
            order<COUNT / 2>(v);
            order<COUNT / 2>(v + COUNT / 2);
            Row ordered[COUNT];
            for (int k = 0; k < COUNT / 2; k++) {
                ordered[2 * k] = zip<0>(v[k], v[COUNT / 2 + k], Lanes{});
                ordered[2 * k + 1] = zip<1>(v[k], v[COUNT / 2 + k], Lanes{});
            }
            for (int k = 0; k < COUNT; k++) {
                v[k] = ordered[k];
            }
        }
    }

    /** sums += the codes of edges [from, to), shifted left by `shift`. */
    static SGQ_INLINE void run(const Gather &rows, int32_t from, int32_t to, int shift, uint32_t *sums) {
        for (int32_t e = from; e < to;) {
            Sums<16> wide = {};
            e = add<16>(rows, e, to, wide);
            for (int i = 0; i < N; i++) {
                Row v[spread(16)];
                for (int k = 0; k < spread(16); k++) {
                    v[k] = fold<Row>(wide.v[i][k]);
                }
                order<spread(16)>(v);
                uint16_t lanes[spread(16) * BYTES / 2];
                memcpy(lanes, v, sizeof lanes);
                for (int c = 0; c < spread(16) * BYTES / 2; c++) {
                    sums[c] += (uint32_t)lanes[c] << shift;
                }
                sums += spread(16) * BYTES / 2;
            }
            sums -= N * spread(16) * BYTES / 2;
        }
    }
};

}  // namespace
}  // namespace sgq
