/* In which order a launch runs its blocks, warps and threads. */
#ifndef SGQ_ORDER_H
#define SGQ_ORDER_H

#include <cstdint>
#include <string>

namespace simt {

class Order {
 public:
  /* What SGQUANT_EMULATOR_ORDER says, else forward, reverse and seeded by turns. */
  static Order next();

  /* The block to run as number `step`. */
  uint64_t block(uint64_t step, uint64_t blocks) const;
  /* Starts the choices of a block; the same for the same seed and block. */
  void start(uint64_t block) { state_ = seed_ * 0x9e3779b97f4a7c15u + block * 0xbf58476d1ce4e5b9u + 1; }

  /* One of the set bits. */
  int choose(unsigned bits) {
    if (kind_ == Kind::forward) return __builtin_ctz(bits);
    if (kind_ == Kind::reverse) return 31 - __builtin_clz(bits);
    unsigned turn = random() & 31;
    unsigned turned = bits >> turn | bits << ((32 - turn) & 31);
    return (int)((__builtin_ctz(turned) + turn) & 31);
  }

  /* As SGQUANT_EMULATOR_ORDER takes it. */
  std::string text() const;

 private:
  enum class Kind { forward, reverse, seeded };

  unsigned random() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_ >> 59);
  }

  Kind kind_ = Kind::forward;
  uint64_t seed_ = 0;
  uint64_t state_ = 0;
};

}  // namespace simt

#endif
