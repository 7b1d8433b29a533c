#include "engine.h"

#include <csignal>

#include "memory.h"
#include "sanitizer.h"
#include "source_line.h"
#include "text.h"

namespace simt {

constinit thread_local Thread *self = nullptr;

namespace {

const Kernel *&kernels() {
  static const Kernel *first = nullptr;
  return first;
}

std::string at(const char *what, Where where) {
  return format("%s (%s:%u)", what, where.file_name(), where.line());
}

/* Calls are told apart by their place in the source and by the function it was compiled into. */
bool same_call(const Where &a, const Where &b) {
  if (memcmp(&a, &b, sizeof a) == 0) return true;
  return a.line() == b.line() && a.column() == b.column() &&
         (a.function_name() == b.function_name() || strcmp(a.function_name(), b.function_name()) == 0);
}

}  // namespace

Kernel::Kernel(const char *name, const char *source, unsigned block, void (*call)(void **),
               const Parameter *parameters, size_t parameter_count)
    : name(name),
      source(source),
      block(block),
      call(call),
      parameters(parameters),
      parameter_count(parameter_count),
      next(kernels()) {
  kernels() = this;
}

const Kernel *Kernel::first() {
  return kernels();
}

const Kernel *Kernel::find(const char *name) {
  const Kernel *kernel = first();
  while (kernel != nullptr && strcmp(kernel->name, name) != 0) kernel = kernel->next;
  return kernel;
}

Engine::Engine() : threads_(MAX_THREADS), fibers_(fiber_main) {
#ifdef __SANITIZE_ADDRESS__
  __asan_set_error_report_callback([](const char *report) {
    if (self != nullptr) running().found(report, reinterpret_cast<uintptr_t>(__asan_get_report_address()));
  });
#endif
}

Engine &Engine::of_thread() {
  static thread_local Engine engine;
  return engine;
}

/* ---- blocks ---- */

Outcome Engine::run(const Launch &launch) {
  launch_ = &launch;
  order_ = Order::next();
  outcome_ = {};
  found_.clear();
  lay_out(launch);
  uint64_t blocks = (uint64_t)launch.grid.x * launch.grid.y * launch.grid.z;
  {
    FaultScope scope;
    for (uint64_t step = 0; step < blocks && outcome_.status == CUDA_SUCCESS; step++) {
      uint64_t number = order_.block(step, blocks);
      index = {(unsigned)(number % launch.grid.x), (unsigned)(number / launch.grid.x % launch.grid.y),
               (unsigned)(number / launch.grid.x / launch.grid.y)};
      order_.start(number);
      run_block();
    }
  }
  std::string damage = DeviceMemory::get().check();
  if (!damage.empty()) {
    damage = format("kernel %s (%s): ", launch.kernel->name, launch.kernel->source) + damage;
  }
  if (!found_.empty()) damage = found_;
  if (!damage.empty() && outcome_.status == CUDA_SUCCESS) {
    outcome_ = {CUDA_ERROR_ILLEGAL_ADDRESS, damage + " (order " + order_.text() + ")"};
  }
  return outcome_;
}

void Engine::found(const char *sanitizer_report, uintptr_t address) {
  if (!found_.empty()) return;
  std::string report = sanitizer_report;
  /* "WRITE of size 4 at 0x... thread T0", then frames, the first "    #0 0x... in function file:line". */
  auto part = [&](const char *start, const char *end) {
    size_t from = report.find(start);
    return from == std::string::npos ? std::string() : report.substr(from, report.find(end, from) - from);
  };
  found_ = place(self) + "AddressSanitizer: " + part("READ of", " at") + part("WRITE of", " at") + ": " +
           describe(address) + " (" + part("in ", "\n") + ")";
}

void Engine::lay_out(const Launch &launch) {
  grid_dim = launch.grid;
  block_dim = launch.block;
  thread_count_ = launch.block.x * launch.block.y * launch.block.z;
  warp_count_ = (thread_count_ + LANES - 1) / LANES;
  for (unsigned i = 0; i < thread_count_; i++) {
    threads_[i] = {};
    threads_[i].index = {i % block_dim.x, i / block_dim.x % block_dim.y, i / block_dim.x / block_dim.y};
    threads_[i].lane = i % LANES;
    threads_[i].warp = i / LANES;
    threads_[i].block = this;
  }
}

void Engine::run_block() {
  for (unsigned w = 0; w < warp_count_; w++) {
    unsigned lanes = thread_count_ - w * LANES;
    unsigned all = lanes >= (unsigned)LANES ? ~0u : (1u << lanes) - 1;
    warps_[w] = {all, 0, 0, all};
  }
  ready_warps_ = warp_count_ == 32 ? ~0u : (1u << warp_count_) - 1;
  live_ = thread_count_;
  at_barrier_ = 0;
  shared_.start_block(launch_->shared_bytes);

  Thread *first = next_thread();
  first->fiber = fibers_.take();
  if (first->fiber == nullptr) {
    outcome_ = {CUDA_ERROR_OUT_OF_MEMORY, "the emulator has no memory for the stack of a thread"};
    return;
  }
  self = first;
  switch_fiber(main_, *first->fiber);
  failed_ = self;
  self = nullptr;

  if (fault_.signal != 0) describe_fault();
  if (outcome_.status != CUDA_SUCCESS) {
    fibers_.reset();
    outcome_.report = place(failed_) + outcome_.report + " (order " + order_.text() + ")";
    return;
  }
  std::string damage = shared_.check();
  if (!damage.empty()) {
    outcome_ = {CUDA_ERROR_ILLEGAL_ADDRESS, place(nullptr) + damage + " (order " + order_.text() + ")"};
  }
}

/* ---- threads ---- */

/* Takes the next thread that can run; null where all wait or have ended. */
Thread *Engine::next_thread() {
  if (ready_warps_ == 0) return nullptr;
  int w = order_.choose(ready_warps_);
  Warp &warp = warps_[w];
  int l = order_.choose(warp.ready);
  warp.ready &= ~(1u << l);
  if (warp.ready == 0) ready_warps_ &= ~(1u << w);
  return &lane(w, l);
}

void Engine::make_ready(unsigned warp, unsigned lanes) {
  warps_[warp].ready |= lanes;
  if (lanes != 0) ready_warps_ |= 1u << warp;
}

/* Runs threads one after the other; only a thread that waits keeps its fiber, the next one then gets another.
 */
void Engine::fiber_main() {
  enter_fiber(running().main_);
  for (;;) {
    Engine &engine = running();
    engine.launch_->kernel->call(engine.launch_->arguments);
    engine.end_thread();
  }
}

void Engine::wait() {
  Thread &me = *self;
  Thread *next = next_thread();
  if (next == nullptr) deadlock();
  if (next->fiber == nullptr) next->fiber = fibers_.take();
  if (next->fiber == nullptr)
    fail(CUDA_ERROR_OUT_OF_MEMORY, "the emulator has no memory for the stack of a thread");
  self = next;
  switch_fiber(*me.fiber, *next->fiber);
}

void Engine::end_thread() {
  Thread &me = *self;
  Warp &warp = warps_[me.warp];
  warp.live &= ~(1u << me.lane);
  for (unsigned waiting = warp.waiting; waiting != 0; waiting &= waiting - 1) {
    const Thread &other = lane(me.warp, __builtin_ctz(waiting));
    if (other.mask >> me.lane & 1) {
      fail(CUDA_ERROR_LAUNCH_FAILED, format("ended while lane %u waits for it at ", other.lane) +
                                         at(other.what, other.where) + format(", mask 0x%08x", other.mask));
    }
  }
  live_--;
  if (at_barrier_ != 0 && at_barrier_ == live_) release_barrier();

  Fiber *fiber = me.fiber;
  Thread *next = next_thread();
  if (next == nullptr && live_ != 0) deadlock();
  me.fiber = nullptr;
  if (next == nullptr) {
    fibers_.give(fiber);
    switch_fiber(*fiber, main_);
  } else if (next->fiber == nullptr) {
    next->fiber = fiber;
    self = next;
  } else {
    fibers_.give(fiber);
    self = next;
    switch_fiber(*fiber, *next->fiber);
  }
}

void Engine::leave() {
  Fiber dead;
  switch_fiber(dead, main_);
  __builtin_unreachable();
}

/* ---- collectives ---- */

uint64_t Engine::meet(unsigned mask, uint64_t value, int source, bool ballot, const char *what, Where where) {
  Thread &me = *self;
  Warp &warp = warps_[me.warp];
  unsigned bit = 1u << me.lane;
  me.what = what;
  me.where = where;
  me.mask = mask;
  me.source = source;
  me.value = value;
  if (!(mask & bit)) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         at(what, where) + format(": lane %u is not in its own mask 0x%08x", me.lane, mask));
  }
  if (mask & ~warp.live) {
    fail(CUDA_ERROR_LAUNCH_FAILED, at(what, where) + format(": mask 0x%08x names lane %d, which has ended",
                                                            mask, __builtin_ctz(mask & ~warp.live)));
  }
  /* Two lanes that wait for each other at different calls would wait for ever. */
  for (unsigned there = warp.waiting & mask; there != 0; there &= there - 1) {
    const Thread &other = lane(me.warp, __builtin_ctz(there));
    if (other.mask == mask && same_call(other.where, where)) break;
    if (other.mask & bit) diverged(other);
  }
  if (((warp.waiting | bit) & mask) == mask && all_met(mask)) return finish_meeting(mask, ballot);
  warp.waiting |= bit;
  wait();
  return me.value;
}

bool Engine::all_met(unsigned mask) const {
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    const Thread &other = lane(self->warp, __builtin_ctz(lanes));
    if (other.mask != mask || !same_call(other.where, self->where)) return false;
  }
  return true;
}

/* Gives every lane its result, poison where it reads a lane outside of the mask; the last to come goes on. */
uint64_t Engine::finish_meeting(unsigned mask, bool ballot) {
  Warp &warp = warps_[self->warp];
  uint64_t given[LANES];
  unsigned votes = 0;
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    int l = __builtin_ctz(lanes);
    given[l] = lane(self->warp, l).value;
    votes |= (given[l] != 0 ? 1u : 0u) << l;
  }
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    Thread &thread = lane(self->warp, __builtin_ctz(lanes));
    bool read = thread.source >= 0 && (mask >> thread.source & 1);
    thread.value = ballot ? votes : read ? given[thread.source] : (uint64_t)POISON << 32 | POISON;
  }
  warp.waiting &= ~mask;
  make_ready(self->warp, mask & ~(1u << self->lane));
  return self->value;
}

void Engine::barrier(const char *what, Where where) {
  Thread &me = *self;
  me.what = what;
  me.where = where;
  if (at_barrier_ == 0) {
    first_at_barrier_ = &me;
  } else if (!same_call(first_at_barrier_->where, where)) {
    diverged(*first_at_barrier_);
  }
  if (++at_barrier_ == live_) {
    release_barrier();
  } else {
    warps_[me.warp].at_barrier |= 1u << me.lane;
    wait();
  }
}

void Engine::release_barrier() {
  at_barrier_ = 0;
  for (unsigned w = 0; w < warp_count_; w++) make_ready(w, std::exchange(warps_[w].at_barrier, 0));
}

/* ---- failures ---- */

void Engine::fail(CUresult status, std::string &&what) {
  outcome_.status = status;
  outcome_.report = std::move(what);
  leave();
}

void Engine::diverged(const Thread &other) {
  bool warp = warps_[other.warp].waiting >> other.lane & 1;
  std::string masks = warp ? format(" with masks 0x%08x and 0x%08x", self->mask, other.mask) : std::string();
  fail(CUDA_ERROR_LAUNCH_FAILED,
       format("divergent %s: waits at ", warp ? "collective" : "barrier") + at(self->what, self->where) +
           format(" while thread (%u,%u,%u) waits at ", other.index.x, other.index.y, other.index.z) +
           at(other.what, other.where) + masks);
}

/* Every thread that has not ended waits: says who waits where. */
void Engine::deadlock() {
  std::string groups;
  int listed = 0;
  auto live = [&](const Thread &thread) { return warps_[thread.warp].live >> thread.lane & 1; };
  auto for_warp = [&](const Thread &thread) { return warps_[thread.warp].waiting >> thread.lane & 1; };
  auto alike = [&](const Thread &a, const Thread &b) {
    if (!live(a) || !live(b)) return live(a) == live(b);
    return for_warp(a) == for_warp(b) && (!for_warp(a) || a.mask == b.mask) && same_call(a.where, b.where);
  };
  for (unsigned i = 0; i < thread_count_;) {
    const Thread &first = threads_[i];
    unsigned end = i + 1;
    while (end < thread_count_ && alike(first, threads_[end])) end++;
    if (live(first) && listed++ < 8) {
      groups += groups.empty() ? "" : "; ";
      groups += end - i > 1 ? format("threads %u-%u wait at ", i, end - 1) : format("thread %u waits at ", i);
      groups += at(first.what, first.where);
      if (for_warp(first)) groups += format(", mask 0x%08x", first.mask);
    }
    i = end;
  }
  fail(CUDA_ERROR_LAUNCH_FAILED, "deadlock, no thread can go on: " + groups + (listed > 8 ? "; ..." : ""));
}

void Engine::describe_fault() {
  Fault fault = std::exchange(fault_, Fault{});
  outcome_.status = CUDA_ERROR_ILLEGAL_ADDRESS;
  if (fault.signal == SIGFPE) {
    outcome_ = {CUDA_ERROR_LAUNCH_FAILED, "divides an integer by zero, or the least integer by -1"};
  } else if (fault.signal == SIGILL) {
    outcome_ = {CUDA_ERROR_ILLEGAL_INSTRUCTION,
                "illegal instruction: the compiler proved that this is never reached"};
  } else if (fault.code == SI_KERNEL) {
    outcome_ = {CUDA_ERROR_ILLEGAL_ADDRESS, "access to an address that cannot exist"};
  } else if (fibers_.overflows(reinterpret_cast<void *>(fault.address))) {
    outcome_ = {CUDA_ERROR_LAUNCH_FAILED,
                "overflows its stack: local arrays too large, or endless recursion"};
  } else {
    outcome_.report = format("illegal %s at 0x%zx: ", fault.store ? "store" : "load", fault.address) +
                      describe(fault.address);
  }
  std::string line = source_line(fault.instruction);
  if (!line.empty()) outcome_.report += " (" + line + ")";
}

std::string Engine::describe(uintptr_t address) const {
  std::string where = shared_.describe(address);
  return where.empty() ? DeviceMemory::get().describe(address) : where;
}

std::string Engine::place(const Thread *thread) const {
  std::string text = format("kernel %s (%s), block (%u,%u,%u)", launch_->kernel->name,
                            launch_->kernel->source, index.x, index.y, index.z);
  if (thread != nullptr) {
    text += format(", thread (%u,%u,%u)", thread->index.x, thread->index.y, thread->index.z);
  }
  return text + ": ";
}

/* ---- what kernels call ---- */

void *Engine::shared_array(const SharedArray &array) {
  if (void *memory = shared_.array(array)) return memory;
  fail(CUDA_ERROR_INVALID_VALUE,
       format("shared array %s of %zu bytes: static shared memory exceeds %zu bytes", array.name, array.bytes,
              SharedMemory::STATIC_LIMIT));
}

void *Engine::dynamic_shared_memory(const char *name) {
  return shared_.dynamic(name);
}

void *shared_array(const SharedArray &array) {
  return Engine::running().shared_array(array);
}

void *dynamic_shared_memory(const char *name) {
  return Engine::running().dynamic_shared_memory(name);
}

uint64_t shuffle(unsigned mask, uint64_t value, int source, const char *what, Where where) {
  return Engine::running().meet(mask, value, source, false, what, where);
}

unsigned ballot(unsigned mask, bool predicate, const char *what, Where where) {
  return (unsigned)Engine::running().meet(mask, predicate, -1, true, what, where);
}

void warp_barrier(unsigned mask, const char *what, Where where) {
  Engine::running().meet(mask, 0, -1, false, what, where);
}

void block_barrier(const char *what, Where where) {
  Engine::running().barrier(what, where);
}

void misaligned(const void *address, size_t alignment, const char *file, unsigned line) {
  Engine::running().fail(
      CUDA_ERROR_MISALIGNED_ADDRESS,
      format("misaligned access to %p (%s:%u): not a multiple of %zu", address, file, line, alignment));
}

void trap(Where where) {
  Engine::running().fail(CUDA_ERROR_ILLEGAL_INSTRUCTION, at("__trap", where));
}

}  // namespace simt
