/*
 * What the stand-ins for CUDA's libraries share: they compute on the CPU but queue as the libraries do. A call
 * checks its arguments; its work runs when the stream comes to it, or each time a graph that recorded it does.
 */
#ifndef SGQ_LIBRARY_H
#define SGQ_LIBRARY_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#define LIBRARY_FUNCTION extern "C" __attribute__((visibility("default"))) int

/* Of the emulated driver: queues work that says what it found wrong, or nothing. */
extern "C" int sgq_emulator_submit(void *stream, const char *name, const std::function<std::string()> &work);
extern "C" int cuMemGetAddressRange_v2(unsigned long long *start, size_t *bytes, unsigned long long address);
extern "C" int cuStreamIsCapturing(void *stream, int *status);

namespace library {

enum Type { FLOAT32 = 0, FLOAT16 = 2, BFLOAT16 = 14 }; /* cudaDataType */

inline size_t bytes(int type) {
  return type == FLOAT32 ? 4 : 2;
}

inline bool known(int type) {
  return type == FLOAT32 || type == FLOAT16 || type == BFLOAT16;
}

inline bool capturing(void *stream) {
  int status = 0;
  return cuStreamIsCapturing(stream, &status) == 0 && status != 0;
}

/* Whether all bytes lie in one allocation of the device; a library only finds out when it runs. */
inline bool on_device(const void *address, size_t bytes) {
  unsigned long long at = reinterpret_cast<unsigned long long>(address), start;
  size_t size;
  if (bytes == 0) return true;
  return cuMemGetAddressRange_v2(&start, &size, at) == 0 && bytes <= size - (at - start);
}

inline float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

inline float from_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return from_bits(sign | 0x7f800000 | fraction << 13);
  if (exponent == 0) return (sign ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
  return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* Element `i` of an array of `type` as a float. */
inline float load(const void *array, int type, size_t i) {
  if (type == FLOAT32) return static_cast<const float *>(array)[i];
  uint16_t bits = static_cast<const uint16_t *>(array)[i];
  return type == FLOAT16 ? from_half(bits) : from_bits((uint32_t)bits << 16);
}

/* A matrix in memory: element (r, c) at r * row_step + c * column_step. */
struct View {
  const void *data;
  int type;
  size_t row_step;
  size_t column_step;

  float at(size_t row, size_t column) const { return load(data, type, row * row_step + column * column_step); }
};

}  // namespace library

#endif
