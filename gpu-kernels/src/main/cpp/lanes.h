// Vectors of unsigned lanes of a chosen size, for any instruction set: operators of GCC and Clang, no intrinsics.
//
// Everything is of the file that includes it: the linker must not take for AVX2 what was compiled for AVX-512.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#define SGQ_INLINE inline __attribute__((always_inline))

#ifndef SGQ_SUFFIX
#error "SGQ_SUFFIX names the instruction set"
#endif
#define SGQ_JOIN2(a, b) a##_##b
#define SGQ_JOIN(a, b) SGQ_JOIN2(a, b)

/** The name of an exported function, which ends with that of the instruction set. */
#define SGQ_FUNCTION(name) SGQ_JOIN(name, SGQ_SUFFIX)

namespace sgq {
namespace {

template <int BYTES>
struct Vector {
    typedef uint16_t type __attribute__((vector_size(BYTES)));
};

/** BYTES bytes of 16-bit lanes. */
template <int BYTES>
using Shorts = typename Vector<BYTES>::type;

/** The vector at an address that need not be aligned. */
template <class V>
SGQ_INLINE V load(const void *from) {
    V v;
    memcpy(&v, from, sizeof v);
    return v;
}

/** a0 b0 a1 b1 ... of the lower (HALF 0) or upper (HALF 1) halves of a and b. */
template <int HALF, class V, size_t... I>
SGQ_INLINE V zip(V a, V b, std::index_sequence<I...>) {
    constexpr int n = sizeof...(I);
    return __builtin_shufflevector(a, b, (int)(I % 2 * n + HALF * n / 2 + I / 2)...);
}

/** a and b side by side. */
template <class V, class H, size_t... I>
SGQ_INLINE V pair(H a, H b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, (int)I...);
}

/** The vectors at `offset` of COUNT rows, side by side. */
template <class V, class Row, int COUNT>
SGQ_INLINE V join(const uint8_t *const *row, int offset) {
    if constexpr (COUNT == 1) {
        return load<Row>(row[0] + offset);
    } else {
        using Half = Shorts<sizeof(V) / 2>;
        return pair<V>(join<Half, Row, COUNT / 2>(row, offset), join<Half, Row, COUNT / 2>(row + COUNT / 2, offset),
                       std::make_index_sequence<sizeof(V) / 2>{});
    }
}

template <int FROM, class H, class V, size_t... I>
SGQ_INLINE H part(V v, std::index_sequence<I...>) {
    return __builtin_shufflevector(v, v, (int)(FROM + I)...);
}

/** The sum of the parts of v, each as large as Row. */
template <class Row, class V>
SGQ_INLINE Row fold(V v) {
    if constexpr (sizeof(V) == sizeof(Row)) {
        return v;
    } else {
        using Half = Shorts<sizeof(V) / 2>;
        using Lanes = std::make_index_sequence<sizeof(Half) / 2>;
        return fold<Row>(part<0, Half>(v, Lanes{}) + part<sizeof(Half) / 2, Half>(v, Lanes{}));
    }
}

}  // namespace
}  // namespace sgq
