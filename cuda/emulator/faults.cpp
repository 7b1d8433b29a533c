#include "faults.h"

#include <csignal>
#include <memory>
#include <mutex>
#include <ucontext.h>

#include "engine.h"

namespace simt {
namespace {

constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr int SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS;
constexpr size_t SIGNAL_STACK = 64 << 10;

std::mutex installing;
int scopes = 0;
struct sigaction previous[SIGNAL_COUNT];

/* The handler may not run on a stack that overflowed: OS threads that run kernels have another for it. */
struct SignalStack {
  std::unique_ptr<char[]> memory{new char[SIGNAL_STACK]};
  stack_t before{};
};
thread_local SignalStack signal_stack;

[[noreturn]] void leave_kernel() {
  Engine::running().leave();
}

void chain(int signal, siginfo_t *info, void *context) {
  for (int i = 0; i < SIGNAL_COUNT; i++) {
    if (SIGNALS[i] != signal) continue;
    const struct sigaction &action = previous[i];
    if (action.sa_flags & SA_SIGINFO) {
      action.sa_sigaction(signal, info, context);
    } else if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
      /* The instruction runs again and the process dies of it, as it would have without us. */
      sigaction(signal, &action, nullptr);
    } else {
      action.sa_handler(signal);
    }
  }
}

/* A fault of a kernel goes on in leave_kernel, on the fiber's own stack, once the handler has returned. */
void handle(int signal, siginfo_t *info, void *context) {
  bool raised_by_instruction = info->si_code > 0;
  if (self == nullptr || !raised_by_instruction) {
    chain(signal, info, context);
    return;
  }
  greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
  constexpr greg_t WRITE = 2, DIRECTION = 1 << 10;
  char *stack =
      Engine::running().fault({signal, info->si_code, (registers[REG_ERR] & WRITE) != 0,
                               reinterpret_cast<uintptr_t>(info->si_addr), (uintptr_t)registers[REG_RIP]});
  registers[REG_RIP] = reinterpret_cast<greg_t>(&leave_kernel);
  registers[REG_RSP] = reinterpret_cast<greg_t>(stack) - 8;
  registers[REG_EFL] &= ~DIRECTION;
}

}  // namespace

FaultScope::FaultScope() {
  stack_t stack{};
  stack.ss_sp = signal_stack.memory.get();
  stack.ss_size = SIGNAL_STACK;
  sigaltstack(&stack, &signal_stack.before);
  std::lock_guard lock(installing);
  if (scopes++ > 0) return;
  struct sigaction action{};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  for (int i = 0; i < SIGNAL_COUNT; i++) {
    sigaction(SIGNALS[i], nullptr, &previous[i]);
    action.sa_mask = previous[i].sa_mask;
    sigaction(SIGNALS[i], &action, nullptr);
  }
}

FaultScope::~FaultScope() {
  {
    std::lock_guard lock(installing);
    if (--scopes == 0) {
      for (int i = 0; i < SIGNAL_COUNT; i++) sigaction(SIGNALS[i], &previous[i], nullptr);
    }
  }
  sigaltstack(&signal_stack.before, nullptr);
}

}  // namespace simt
