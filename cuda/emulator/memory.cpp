#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#include "sanitizer.h"
#include "text.h"

namespace simt {

constexpr size_t PAGE = 4096;
constexpr size_t ALIGNMENT = 256;
constexpr uint64_t RANGE = 1ull << 40;
constexpr size_t DEFAULT_TOTAL = 2ull << 30;
constexpr size_t MOST_FREED = 1024;

void poison(void *memory, size_t bytes) {
  uint32_t word = POISON;
  auto *out = static_cast<unsigned char *>(memory);
  for (; bytes >= sizeof word; bytes -= sizeof word, out += sizeof word) memcpy(out, &word, sizeof word);
  memcpy(out, &word, bytes);
}

void guard(void *memory, size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
  memset(memory, CANARY, bytes);
  ASAN_POISON_MEMORY_REGION(memory, bytes);
}

/* The canary must be read where the sanitizer forbids kernels to. */
__attribute__((no_sanitize_address)) size_t damaged(const unsigned char *from, const unsigned char *to,
                                                    const unsigned char **first) {
  uint64_t whole, word;
  memset(&whole, CANARY, sizeof whole);
  while (to - from >= (ptrdiff_t)sizeof word && (memcpy(&word, from, sizeof word), word == whole))
    from += sizeof word;
  size_t count = 0;
  for (; from < to; from++) {
    if (*from != CANARY && count++ == 0) *first = from;
  }
  return count;
}

DeviceMemory &DeviceMemory::get() {
  /* Never destroyed: other threads may still run kernels when the process exits. */
  static DeviceMemory &memory = *new DeviceMemory();
  return memory;
}

DeviceMemory::DeviceMemory() : total_(DEFAULT_TOTAL) {
  if (const char *text = getenv("SGQUANT_EMULATOR_MEMORY")) {
    char *end;
    total_ = strtoull(text, &end, 10);
    if (*text == 0 || *end != 0 || total_ == 0) {
      fprintf(stderr, "SGQUANT_EMULATOR_MEMORY must be a positive number of bytes: %s\n", text);
      exit(1);
    }
  }
  /* Where the process may not have so many addresses, fewer do. */
  for (range_ = RANGE; range_ >= 2 * total_; range_ /= 2) {
    void *memory = mmap(nullptr, range_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) {
      base_ = next_ = reinterpret_cast<uint64_t>(memory);
      return;
    }
  }
  range_ = 0;
}

size_t DeviceMemory::used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

/* First page of a gap for the pages and a guard page, searched from the end of the newest allocation on. */
uint64_t DeviceMemory::place(size_t page_bytes) {
  size_t needed = page_bytes + PAGE;
  for (int round = 0; round < 2; round++) {
    uint64_t at = round == 0 ? next_ : base_;
    for (auto i = live_.lower_bound(at); i != live_.end() && i->second.first_page < at + needed; ++i) {
      at = i->second.first_page + i->second.page_bytes + PAGE;
    }
    if (at + needed <= base_ + range_) return at;
  }
  return 0;
}

uint64_t DeviceMemory::allocate(size_t bytes, const void *owner) {
  std::lock_guard lock(mutex_);
  size_t counted = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (counted < bytes || counted > total_ - used_) return 0;
  size_t page_bytes = (counted + PAGE - 1) / PAGE * PAGE;
  uint64_t first_page = place(page_bytes);
  if (first_page == 0 ||
      mprotect(reinterpret_cast<void *>(first_page), page_bytes, PROT_READ | PROT_WRITE) != 0) {
    return 0;
  }
  uint64_t address = first_page + page_bytes - counted;
  guard(reinterpret_cast<void *>(first_page), address - first_page);
  poison(reinterpret_cast<void *>(address), bytes);
  guard(reinterpret_cast<void *>(address + bytes), counted - bytes);
  live_[address] = {bytes, first_page, page_bytes, owner};
  freed_.erase(freed_.lower_bound(first_page), freed_.upper_bound(first_page + page_bytes));
  next_ = first_page + page_bytes + PAGE;
  used_ += counted;
  return address;
}

std::string DeviceMemory::release(Allocations::iterator allocation) {
  auto [address, a] = *allocation;
  std::string damage = check(address, a);
  void *pages = reinterpret_cast<void *>(a.first_page);
  ASAN_UNPOISON_MEMORY_REGION(pages, a.page_bytes);
  mmap(pages, a.page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  used_ -= (a.bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (freed_.size() >= MOST_FREED) freed_.clear();
  freed_[address] = a;
  live_.erase(allocation);
  return damage;
}

bool DeviceMemory::free(uint64_t address) {
  std::lock_guard lock(mutex_);
  auto found = live_.find(address);
  if (found == live_.end()) return false;
  damage_ += release(found);
  return true;
}

void DeviceMemory::free_all(const void *owner) {
  std::lock_guard lock(mutex_);
  for (auto i = live_.begin(); i != live_.end();) {
    auto allocation = i++;
    if (allocation->second.owner == owner) damage_ += release(allocation);
  }
}

bool DeviceMemory::find(uint64_t address, uint64_t *start, size_t *bytes) const {
  std::lock_guard lock(mutex_);
  auto after = live_.upper_bound(address);
  if (after == live_.begin()) return false;
  --after;
  *start = after->first;
  *bytes = after->second.bytes;
  return address - *start < *bytes;
}

bool DeviceMemory::holds(uint64_t address, size_t bytes) const {
  uint64_t start;
  size_t size;
  return find(address, &start, &size) && bytes <= size - (address - start);
}

std::string DeviceMemory::describe(uint64_t address) const {
  std::lock_guard lock(mutex_);
  if (address < PAGE) return "a null pointer";
  if (!reserved(address)) return "not an address of the device";
  auto name = [](uint64_t start, size_t bytes) {
    return format("allocation of %zu bytes at 0x%llx", bytes, (unsigned long long)start);
  };
  auto freed = freed_.upper_bound(address);
  if (freed != freed_.begin()) {
    --freed;
    if (address - freed->first < freed->second.bytes) {
      return format("byte %llu of the freed ", (unsigned long long)(address - freed->first)) +
             name(freed->first, freed->second.bytes);
    }
  }
  auto after = live_.upper_bound(address);
  uint64_t ahead = after == live_.end() ? UINT64_MAX : after->first - address;
  if (after != live_.begin()) {
    auto before = std::prev(after);
    uint64_t offset = address - before->first;
    if (offset < before->second.bytes) {
      return format("byte %llu of the ", (unsigned long long)offset) +
             name(before->first, before->second.bytes);
    }
    uint64_t past = offset - before->second.bytes;
    if (past <= ahead) {
      return format("%llu bytes past the end of the ", (unsigned long long)past) +
             name(before->first, before->second.bytes);
    }
  }
  if (after == live_.end()) return "no allocation is near";
  return format("%llu bytes before the ", (unsigned long long)ahead) +
         name(after->first, after->second.bytes);
}

std::string DeviceMemory::check(uint64_t address, const Allocation &a) {
  auto *start = reinterpret_cast<unsigned char *>(address);
  auto *end = start + a.bytes;
  size_t behind = a.first_page + a.page_bytes - reinterpret_cast<uint64_t>(end);
  size_t front = address - a.first_page;
  const unsigned char *first = nullptr;
  if (size_t count = damaged(end, end + behind, &first)) {
    guard(end, behind);
    return format(
        "%zu bytes were written from %zu bytes past the end of the allocation of %zu bytes at %p on", count,
        (size_t)(first - end), a.bytes, (void *)start);
  }
  if (size_t count = damaged(start - front, start, &first)) {
    guard(start - front, front);
    return format("%zu bytes were written from %zu bytes before the allocation of %zu bytes at %p on", count,
                  (size_t)(start - first), a.bytes, (void *)start);
  }
  return {};
}

std::string DeviceMemory::check() {
  std::lock_guard lock(mutex_);
  std::string found = std::move(damage_);
  damage_.clear();
  for (auto &[address, allocation] : live_) {
    if (!found.empty()) break;
    found = check(address, allocation);
  }
  return found;
}

}  // namespace simt
