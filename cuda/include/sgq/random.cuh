/*
 * Random numbers as a pure function of (seed, step, stream, index), the bits of
 * org.sgquant.kernels.CounterRandom: a 64-bit key by the SplitMix64 finalizer, then two rounds of the murmur3
 * finalizer over key and index.
 */
#ifndef SGQ_RANDOM_CUH
#define SGQ_RANDOM_CUH

#include "sgq/packed.cuh"

__device__ __forceinline__ unsigned long long sgq_mix64(unsigned long long z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

__device__ __forceinline__ unsigned sgq_mix32(unsigned h) {
  h = (h ^ h >> 16) * 0x85EBCA6Bu;
  h = (h ^ h >> 13) * 0xC2B2AE35u;
  return h ^ h >> 16;
}

/* Key of one random tensor in the step that the state is at. */
__device__ __forceinline__ unsigned long long sgq_random_key(const SgqStepState *state, int stream) {
  const unsigned long long golden = 0x9E3779B97F4A7C15ull;
  unsigned long long step = (unsigned long long)(state->step + 1ll);
  unsigned long long z = sgq_mix64((unsigned long long)state->seed + golden * step);
  return sgq_mix64(z + golden * (unsigned long long)(stream + 1ll));
}

/* 24 random bits of element index, of which only the low 32 bits count. */
__device__ __forceinline__ unsigned sgq_random_bits24(unsigned long long key, unsigned index) {
  return sgq_mix32(sgq_mix32(index ^ (unsigned)key) + (unsigned)(key >> 32)) >> 8;
}

/* Uniform in [0, 1). */
__device__ __forceinline__ float sgq_random_uniform(unsigned long long key, unsigned index) {
  return (float)sgq_random_bits24(key, index) * 0x1p-24f;
}

#endif
