/*
 * The shared memory of the block that runs: static arrays between canaries, the dynamic memory flush against
 * an inaccessible page. Each block finds it poisoned.
 */
#ifndef SGQ_SHARED_MEMORY_H
#define SGQ_SHARED_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simt.h"

namespace simt {

class SharedMemory {
 public:
  static constexpr size_t STATIC_LIMIT = 48 << 10;
  static constexpr size_t BLOCK_LIMIT = 227 << 10;

  SharedMemory();
  ~SharedMemory();
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;

  /* Forgets the arrays of the last block. */
  void start_block(size_t dynamic_bytes);
  /* Null where the static arrays, or all shared memory, exceed their limits. */
  void *array(const SharedArray &array);
  void *dynamic(const char *name);
  size_t static_bytes() const { return static_bytes_; }

  /* Says which array was overrun; empty where none was. */
  std::string check() const;
  /* Says where an address lies in the arrays' order; empty where it is none of shared memory. */
  std::string describe(uintptr_t address) const;

 private:
  struct Placed {
    const SharedArray *array;
    unsigned char *start;
  };

  unsigned char *memory_;
  unsigned char *end_;
  unsigned char *free_ = nullptr; /* static arrays grow from here */
  unsigned char *dynamic_ = nullptr;
  size_t dynamic_bytes_ = 0;
  size_t static_bytes_ = 0;
  const char *dynamic_name_ = nullptr;
  std::vector<Placed> placed_;
};

}  // namespace simt

#endif
