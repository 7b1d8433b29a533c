/* Stacks that can be switched between: x86-64 Linux. A fiber belongs to the OS thread that made it. */
#ifndef SGQ_FIBER_H
#define SGQ_FIBER_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sanitizer.h"

namespace simt {

struct Fiber {
  void *stack_pointer;
  const char *stack; /* its lowest byte; a guard page lies below */
  size_t stack_bytes;
  char *top; /* where a new run of the fiber starts */
#ifdef __SANITIZE_ADDRESS__
  void *fake_stack;
#endif
};

extern "C" __attribute__((visibility("hidden"))) void sgq_switch_stack(void **save, void *load);

/* Saves the running fiber in `from` and goes on where `to` was saved, or at its entry. */
inline void switch_fiber(Fiber &from, Fiber &to) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_bytes);
#endif
  sgq_switch_stack(&from.stack_pointer, to.stack_pointer);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

/* What a fiber does first: tells the sanitizer that it runs, and learns the bounds of the stack of `main`. */
inline void enter_fiber([[maybe_unused]] Fiber &main) {
#ifdef __SANITIZE_ADDRESS__
  const void *stack;
  size_t bytes;
  __sanitizer_finish_switch_fiber(nullptr, &stack, &bytes);
  if (main.stack == nullptr) {
    main.stack = static_cast<const char *>(stack);
    main.stack_bytes = bytes;
  }
#endif
}

/* Fibers that wait for work; their stacks are kept and handed out again, last used first. */
class FiberPool {
 public:
  explicit FiberPool(void (*entry)()) : entry_(entry) {}
  ~FiberPool();
  FiberPool(const FiberPool &) = delete;
  FiberPool &operator=(const FiberPool &) = delete;

  /* Null where there is no memory for another stack. */
  Fiber *take();
  void give(Fiber *fiber) { idle_.push_back(fiber); }
  /* Makes every fiber idle and forgets what stood on the stacks: after a launch that failed. */
  void reset();
  /* Whether the address lies on the guard page of a stack. */
  bool overflows(const void *address) const;

#ifdef __SANITIZE_ADDRESS__
  static constexpr size_t STACK_BYTES = 256 << 10; /* sanitized frames are larger */
#else
  static constexpr size_t STACK_BYTES = 64 << 10;
#endif

 private:
  void prepare(Fiber &fiber);

  void (*entry_)();
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber *> idle_;
};

}  // namespace simt

#endif
