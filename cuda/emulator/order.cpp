#include "order.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "text.h"

namespace simt {

Order Order::next() {
  static std::atomic<uint64_t> launches{0};
  uint64_t launch = launches++;
  Order order;
  const char *text = getenv("SGQUANT_EMULATOR_ORDER");
  if (text == nullptr || *text == 0) {
    order.kind_ = launch % 3 == 0 ? Kind::forward : launch % 3 == 1 ? Kind::reverse : Kind::seeded;
    order.seed_ = launch;
  } else if (strncmp(text, "seed:", 5) == 0 && text[5] >= '0' && text[5] <= '9') {
    order.kind_ = Kind::seeded;
    order.seed_ = strtoull(text + 5, nullptr, 10);
  } else if (strcmp(text, "reverse") == 0) {
    order.kind_ = Kind::reverse;
  } else if (strcmp(text, "forward") != 0) {
    fprintf(stderr, "SGQUANT_EMULATOR_ORDER must be forward, reverse or seed:N: %s\n", text);
    exit(1);
  }
  return order;
}

uint64_t Order::block(uint64_t step, uint64_t blocks) const {
  if (kind_ == Kind::forward) return step;
  if (kind_ == Kind::reverse) return blocks - 1 - step;
  /* Steps of a length that shares no factor with the number of blocks reach each once. */
  uint64_t stride = (seed_ * 2654435761u + 1) % blocks;
  while (std::gcd(stride, blocks) != 1) stride++;
  return (uint64_t)(((unsigned __int128)step * stride + seed_) % blocks);
}

std::string Order::text() const {
  if (kind_ == Kind::forward) return "forward";
  if (kind_ == Kind::reverse) return "reverse";
  return format("seed:%llu", (unsigned long long)seed_);
}

}  // namespace simt
