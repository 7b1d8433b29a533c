/* Runs the blocks of one launch after the other on the calling OS thread. One engine per OS thread. */
#ifndef SGQ_ENGINE_H
#define SGQ_ENGINE_H

#include <string>
#include <vector>

#include "faults.h"
#include "fiber.h"
#include "order.h"
#include "shared_memory.h"
#include "simt.h"
#include "status.h"

namespace simt {

constexpr int LANES = 32;
constexpr unsigned MAX_THREADS = 1024;

struct Launch {
  const Kernel *kernel;
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
  void **arguments;
};

/* What became of a launch: where it failed, one sentence. */
struct Outcome {
  CUresult status = CUDA_SUCCESS;
  std::string report;
};

class Engine : public Block {
 public:
  /* The engine of this OS thread, and the one whose kernel is running on it. */
  static Engine &of_thread();
  static Engine &running() { return *static_cast<Engine *>(self->block); }

  Outcome run(const Launch &launch);

  uint64_t meet(unsigned mask, uint64_t value, int source, bool ballot, const char *what, Where where);
  void barrier(const char *what, Where where);
  void *shared_array(const SharedArray &array);
  void *dynamic_shared_memory(const char *name);
  [[noreturn]] void fail(CUresult status, std::string &&what);

  /* For the signal handler: notes the fault; returns the top of the fiber's stack, which is free again. */
  char *fault(const Fault &fault) {
    fault_ = fault;
    ASAN_UNPOISON_MEMORY_REGION(self->fiber->stack, self->fiber->stack_bytes);
    return self->fiber->top;
  }
  /* For the sanitizer: the kernel goes on after what it found; the launch fails of the first. */
  void found(const char *sanitizer_report, uintptr_t address);
  /* Leaves the kernel for good. */
  [[noreturn]] void leave();

 private:
  struct Warp {
    unsigned ready;      /* lanes that can run */
    unsigned waiting;    /* lanes that wait for their warp */
    unsigned at_barrier; /* lanes that wait for their block */
    unsigned live;       /* lanes that have not ended */
  };

  Engine();
  static void fiber_main();
  void lay_out(const Launch &launch);
  void run_block();
  Thread *next_thread();
  void wait();
  void end_thread();
  void make_ready(unsigned warp, unsigned lanes);
  uint64_t finish_meeting(unsigned mask, bool ballot);
  bool all_met(unsigned mask) const;
  void release_barrier();
  [[noreturn]] void deadlock();
  [[noreturn]] void diverged(const Thread &other);
  Thread &lane(unsigned warp, int lane) { return threads_[warp * LANES + lane]; }
  const Thread &lane(unsigned warp, int lane) const { return threads_[warp * LANES + lane]; }
  void describe_fault();
  std::string describe(uintptr_t address) const;
  std::string place(const Thread *thread) const;

  const Launch *launch_ = nullptr;
  Order order_;
  std::vector<Thread> threads_;
  unsigned thread_count_ = 0;
  Warp warps_[MAX_THREADS / LANES] = {};
  unsigned warp_count_ = 0;
  unsigned ready_warps_ = 0;
  unsigned live_ = 0;
  unsigned at_barrier_ = 0;
  const Thread *first_at_barrier_ = nullptr;
  FiberPool fibers_;
  Fiber main_{};
  SharedMemory shared_;
  Fault fault_{};
  const Thread *failed_ = nullptr; /* the thread that failed */
  Outcome outcome_;
  std::string found_;
};

}  // namespace simt

#endif
