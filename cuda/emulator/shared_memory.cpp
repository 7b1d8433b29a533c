#include "shared_memory.h"

#include <cstdlib>
#include <new>
#include <sys/mman.h>

#include "memory.h"
#include "sanitizer.h"
#include "text.h"

namespace simt {

constexpr size_t PAGE = 4096;
constexpr size_t ZONE = 64;              /* canary bytes before and behind an array, at least */
constexpr size_t DYNAMIC_ALIGNMENT = 16; /* as SGQ_DYNAMIC_SHARED declares it to nvcc */
constexpr size_t ARENA = (SharedMemory::BLOCK_LIMIT + 128 * 1024) / PAGE * PAGE;

SharedMemory::SharedMemory() {
  void *memory =
      mmap(nullptr, PAGE + ARENA + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<unsigned char *>(memory) + PAGE;
  end_ = memory_ + ARENA;
  mprotect(memory_, ARENA, PROT_READ | PROT_WRITE);
}

SharedMemory::~SharedMemory() {
  munmap(memory_ - PAGE, PAGE + ARENA + PAGE);
}

void SharedMemory::start_block(size_t dynamic_bytes) {
  if (free_ > memory_) ASAN_UNPOISON_MEMORY_REGION(memory_, free_ + ZONE - memory_);
  if (dynamic_name_ != nullptr) ASAN_UNPOISON_MEMORY_REGION(dynamic_ - ZONE, end_ - dynamic_ + ZONE);
  placed_.clear();
  static_bytes_ = 0;
  free_ = memory_;
  dynamic_bytes_ = dynamic_bytes;
  dynamic_name_ = nullptr;
  dynamic_ = end_ - (dynamic_bytes + DYNAMIC_ALIGNMENT - 1) / DYNAMIC_ALIGNMENT * DYNAMIC_ALIGNMENT;
}

void *SharedMemory::array(const SharedArray &array) {
  for (const Placed &placed : placed_) {
    if (placed.array == &array) return placed.start;
  }
  static_bytes_ += array.bytes;
  if (static_bytes_ > STATIC_LIMIT || static_bytes_ + dynamic_bytes_ > BLOCK_LIMIT) return nullptr;
  /* Aligned as declared and no better, so that wider accesses to it are seen to be misaligned. */
  auto address = reinterpret_cast<uintptr_t>(free_) + ZONE;
  address =
      (address + 2 * array.alignment - 1) / (2 * array.alignment) * (2 * array.alignment) + array.alignment;
  auto *start = reinterpret_cast<unsigned char *>(address);
  guard(free_, start - free_);
  poison(start, array.bytes);
  guard(start + array.bytes, ZONE);
  free_ = start + array.bytes;
  placed_.push_back({&array, start});
  return start;
}

void *SharedMemory::dynamic(const char *name) {
  if (dynamic_name_ == nullptr) {
    poison(dynamic_, dynamic_bytes_);
    guard(dynamic_ + dynamic_bytes_, end_ - dynamic_ - dynamic_bytes_);
    guard(dynamic_ - ZONE, ZONE);
    dynamic_name_ = name;
  }
  return dynamic_;
}

std::string SharedMemory::check() const {
  auto look = [&](const unsigned char *start, size_t bytes, size_t behind) -> std::string {
    const unsigned char *first;
    if (damaged(start + bytes, start + bytes + behind, &first) == 0 &&
        damaged(start - ZONE, start, &first) == 0) {
      return {};
    }
    return "illegal store: " + describe(reinterpret_cast<uintptr_t>(first));
  };
  for (const Placed &placed : placed_) {
    std::string found = look(placed.start, placed.array->bytes, ZONE);
    if (!found.empty()) return found;
  }
  if (dynamic_name_ == nullptr) return {};
  return look(dynamic_, dynamic_bytes_, end_ - dynamic_ - dynamic_bytes_);
}

std::string SharedMemory::describe(uintptr_t address) const {
  auto *byte = reinterpret_cast<const unsigned char *>(address);
  if (byte < memory_ - PAGE || byte >= end_ + PAGE) return {};
  if (byte >= dynamic_ - ZONE) {
    return format("byte %td of dynamic shared array %s of %zu bytes", byte - dynamic_,
                  dynamic_name_ == nullptr ? "?" : dynamic_name_, dynamic_bytes_);
  }
  /* The array whose canary it is: the last one that starts before it, or the first. */
  const Placed *nearest = nullptr;
  for (const Placed &placed : placed_) {
    if (nearest == nullptr || byte >= placed.start) nearest = &placed;
  }
  if (nearest == nullptr) return "shared memory without arrays";
  return format("byte %td of shared array %s of %zu bytes", byte - nearest->start, nearest->array->name,
                nearest->array->bytes);
}

}  // namespace simt
