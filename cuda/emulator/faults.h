/* Signals that a kernel raises on its OS thread. */
#ifndef SGQ_FAULTS_H
#define SGQ_FAULTS_H

#include <cstdint>

namespace simt {

struct Fault {
  int signal; /* 0: none */
  int code;
  bool store;
  uintptr_t address;
  uintptr_t instruction;
};

/*
 * While one lives, SIGSEGV, SIGBUS, SIGFPE and SIGILL of a running kernel end that kernel (Engine::fault);
 * those of any other code go to the handlers that were installed before, as the JVM's are. The last one to go
 * puts them back.
 */
class FaultScope {
 public:
  FaultScope();
  ~FaultScope();
  FaultScope(const FaultScope &) = delete;
  FaultScope &operator=(const FaultScope &) = delete;
};

}  // namespace simt

#endif
