/* What one core of this machine can do at most: loads from a buffer of some size, and multiply-adds. */
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
typedef int32_t ints __attribute__((vector_size(BYTES)));
typedef float floats __attribute__((vector_size(BYTES)));
enum { LOADS = 8, SUMS = 12 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes a second: the buffer is read from its beginning to its end, again and again. */
double load_rate(const void* buffer, size_t bytes, size_t times, int32_t* sink) {
  const ints* from = (const ints*)buffer;
  const size_t count = bytes / BYTES / LOADS * LOADS;
  ints sums[LOADS] = {{0}};
  const double start = now();
  for (size_t n = 0; n < times; n++) {
    for (size_t i = 0; i < count; i += LOADS)
      for (int k = 0; k < LOADS; k++) sums[k] ^= from[i + k];
    __asm__ volatile("" ::: "memory"); /* or it would be read once */
  }
  const double seconds = now() - start;
  for (int k = 0; k < LOADS; k++) *sink ^= sums[k][0];
  return (double)(count * BYTES) * (double)times / seconds;
}

/* Multiply-adds a second, two operations each counted as one. */
double multiply_add_rate(size_t times, float* sink) {
  floats sums[SUMS], a, b;
  for (size_t i = 0; i < BYTES / sizeof(float); i++) {
    a[i] = 0.999f + *sink;
    b[i] = 0.001f + *sink;
  }
  for (int k = 0; k < SUMS; k++) sums[k] = b * (float)k;
  const double start = now();
  for (size_t n = 0; n < times; n++)
    for (int k = 0; k < SUMS; k++) sums[k] = sums[k] * a + b;
  const double seconds = now() - start;
  for (int k = 0; k < SUMS; k++) *sink += sums[k][0] * 1e-30f;
  return (double)times * SUMS * (BYTES / sizeof(float)) / seconds;
}
