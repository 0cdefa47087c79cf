/* rng: small seeded random numbers (splitmix64). Same seed, same numbers: decisions can be
 * replayed. Not for secrets. */
#pragma once

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 … limit - 1; limit > 0 */
static inline uint32_t rng_below(struct rng *rng, uint32_t limit)
{
	return (uint32_t) (((rng_next(rng) >> 32) * limit) >> 32);
}
