/*
 * The device's memory: allocations within one reserved range of addresses that nothing else uses. Each ends
 * just before an inaccessible page; what is left of its pages before and behind it holds a canary. New memory
 * holds POISON, which is a NaN as a float or double and a far index as an integer. Freed addresses are not
 * used again until the range is used up, so late accesses fault.
 */
#ifndef SGQ_MEMORY_H
#define SGQ_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace simt {

constexpr uint32_t POISON = 0x7fffdead;
constexpr unsigned char CANARY = 0xcb;

void poison(void *memory, size_t bytes);

/* Fills memory with CANARY; the sanitizer tells accesses to it. */
void guard(void *memory, size_t bytes);

/* Bytes in [from, to) that are no longer CANARY; the first of them in `first`. */
size_t damaged(const unsigned char *from, const unsigned char *to, const unsigned char **first);

class DeviceMemory {
 public:
  static DeviceMemory &get();

  size_t total() const { return total_; }
  size_t used() const;

  /* 256-byte aligned; 0 where the device's memory, or the host's, does not suffice. */
  uint64_t allocate(size_t bytes, const void *owner);
  bool free(uint64_t address);
  void free_all(const void *owner);

  /* The allocation that holds all bytes from address on; false where there is none. */
  bool holds(uint64_t address, size_t bytes) const;
  bool find(uint64_t address, uint64_t *start, size_t *bytes) const;
  /* Whether the address belongs to the device, allocated or not. */
  bool reserved(uint64_t address) const { return address - base_ < range_; }

  /* Says where an address lies: "4 bytes past the end of the allocation of 40 bytes at 0x...". */
  std::string describe(uint64_t address) const;
  /* Says which allocation's canary was overwritten, and restores it; empty where none was. */
  std::string check();

 private:
  struct Allocation {
    size_t bytes;
    uint64_t first_page;
    size_t page_bytes;
    const void *owner;
  };
  using Allocations = std::map<uint64_t, Allocation>;

  DeviceMemory();
  uint64_t place(size_t page_bytes);
  std::string check(uint64_t address, const Allocation &allocation);
  std::string release(Allocations::iterator allocation);

  mutable std::mutex mutex_;
  uint64_t base_ = 0;
  uint64_t range_ = 0;
  uint64_t next_ = 0;
  size_t total_;
  size_t used_ = 0;
  Allocations live_; /* by address */
  std::map<uint64_t, Allocation> freed_;
  std::string damage_; /* found by free, told by the next check */
};

}  // namespace simt

#endif
