/* What one core of this machine can do at most: loads from a buffer of some size, and multiply-adds. */
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

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

/* The same with 8-bit numbers and 32-bit sums; 0 where the processor has no instruction for it. */
#if defined(__AVX512VNNI__)
#define DOT(sum, a, b) (ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b)
#elif defined(__AVXVNNI__)
#define DOT(sum, a, b) (ints)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b)
#elif defined(__ARM_FEATURE_DOTPROD)
#define DOT(sum, a, b) (ints)vdotq_s32((int32x4_t)sum, (int8x16_t)a, (int8x16_t)b)
#endif
double byte_multiply_add_rate(size_t times, float* sink) {
#ifdef DOT
  ints sums[SUMS] = {{0}}, a = {0}, b = {0};
  a += (int)*sink + 1;
  b += (int)*sink + 2;
  for (int k = 0; k < SUMS; k++) sums[k] += k; /* or equal sums would be made once */
  const double start = now();
  for (size_t n = 0; n < times; n++)
    for (int k = 0; k < SUMS; k++) sums[k] = DOT(sums[k], a, b);
  const double seconds = now() - start;
  for (int k = 0; k < SUMS; k++) *sink += (float)sums[k][0] * 1e-30f;
  return (double)times * SUMS * BYTES / seconds;
#else
  return (void)times, (void)sink, 0;
#endif
}
