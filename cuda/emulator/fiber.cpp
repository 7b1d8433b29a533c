#include "fiber.h"

#include <sys/mman.h>

namespace simt {

#if !defined(__x86_64__)
#error \
    "the emulator runs on x86-64: write sgq_switch_stack for this processor, and the registers in faults.cpp"
#endif

/* Callee-saved registers go onto the old stack and come from the new one; the return address is the way back.
 */
asm(R"(
    .text
    .globl sgq_switch_stack
    .hidden sgq_switch_stack
    .type sgq_switch_stack, @function
sgq_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size sgq_switch_stack, . - sgq_switch_stack
)");
constexpr int SAVED_REGISTERS = 6;
constexpr size_t GUARD_BYTES = 4096;

FiberPool::~FiberPool() {
  for (auto &fiber : fibers_) {
    ASAN_UNPOISON_MEMORY_REGION(fiber->stack, STACK_BYTES);
    munmap(const_cast<char *>(fiber->stack) - GUARD_BYTES, GUARD_BYTES + STACK_BYTES);
  }
}

Fiber *FiberPool::take() {
  if (idle_.empty()) {
    void *memory = mmap(nullptr, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    mprotect(memory, GUARD_BYTES, PROT_NONE);
    auto fiber = std::make_unique<Fiber>();
    char *stack = static_cast<char *>(memory) + GUARD_BYTES;
    fiber->stack = stack;
    fiber->stack_bytes = STACK_BYTES;
    /* Tops at different offsets in their page, or the used lines of all stacks would share a few cache sets.
     */
    fiber->top = stack + STACK_BYTES - 64 - fibers_.size() % 15 * 256;
    prepare(*fiber);
    idle_.push_back(fiber.get());
    fibers_.push_back(std::move(fiber));
  }
  Fiber *fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

void FiberPool::prepare(Fiber &fiber) {
  ASAN_UNPOISON_MEMORY_REGION(fiber.stack, STACK_BYTES);
  void **stack = reinterpret_cast<void **>(fiber.top);
  *--stack = nullptr; /* the entry's return address: it never returns */
  *--stack = reinterpret_cast<void *>(entry_);
  for (int i = 0; i < SAVED_REGISTERS; i++) *--stack = nullptr;
  fiber.stack_pointer = stack;
}

void FiberPool::reset() {
  idle_.clear();
  for (auto &fiber : fibers_) {
    prepare(*fiber);
    idle_.push_back(fiber.get());
  }
}

bool FiberPool::overflows(const void *address) const {
  for (auto &fiber : fibers_) {
    auto below = fiber->stack - static_cast<const char *>(address);
    if (below > 0 && below <= (ptrdiff_t)GUARD_BYTES) return true;
  }
  return false;
}

}  // namespace simt
