// Products of packed weights with vectors: float, and 8-bit. Every sum stays in a register.
#pragma once
#include "packing.h"

namespace edge {
namespace EDGE_ISA {

// sums[v] += w[k][v] * x[k] for all k. V is the number of vectors that a k has.
template <int V>
EDGE_INLINE void add_product(const float* w, const float* x, int count, vf* sums) {
  vf s[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; v++) s[v] = sums[v];
  int k = 0;
  if (V <= 4 && count > 1) {  // too few sums to hide the latency: twice as many
    vf t[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) t[v] = splat(0.0f);
    for (; k + 1 < count; k += 2, w += 2 * V * L) {
      const vf a = splat(x[k]), b = splat(x[k + 1]);
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) {
        s[v] += load(w + v * L) * a;
        t[v] += load(w + (V + v) * L) * b;
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) s[v] += t[v];
  }
  for (; k < count; k++, w += V * L) {
    const vf a = splat(x[k]);
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) s[v] += load(w + v * L) * a;
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; v++) sums[v] = s[v];
}

// R rows of `x`, each `count` long, with one block of weights: to[row * stride] = start + w x.
template <int R, int V>
EDGE_INLINE void tile(const float* w, const float* x, int count, const float* start, float* to,
                      size_t stride) {
  vf s[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) s[r][v] = load(start + v * L);
  for (int k = 0; k < count; k++, w += V * L) {
    vf weights[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) weights[v] = load(w + v * L);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const vf a = splat(x[(size_t)r * count + k]);
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) s[r][v] += weights[v] * a;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) store(to + r * stride + v * L, s[r][v]);
}

// The 8-bit ones: `groups` groups of k, `x` as activations.
template <int V>
EDGE_INLINE void add_product(const weight* w, const activation* x, int groups, vi* sums) {
  vi s[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; v++) s[v] = sums[v];
  for (int k = 0; k < groups; k++, w += V * L * GROUP) {
    const activations a = group(x + k * GROUP);
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) s[v] = dot(s[v], w + v * L * GROUP, a);
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; v++) sums[v] = s[v];
}

template <int R, int V>
EDGE_INLINE void tile(const weight* w, const activation* x, int groups, const int32_t* start, vi (*sums)[V]) {
  vi s[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) s[r][v] = load(start + v * L);
  for (int k = 0; k < groups; k++, w += V * L * GROUP) {
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const activations a = group(x + ((size_t)r * groups + k) * GROUP);
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) s[r][v] = dot(s[r][v], w + v * L * GROUP, a);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) sums[r][v] = s[r][v];
}

// Calls do_tile(Number<R>, first row) for all rows, ROWS at a time and then what is left.
template <int N>
struct Number {
  static constexpr int value = N;
};
template <int R, class F>
EDGE_INLINE void the_rest(int left, int row, const F& do_tile) {
  if constexpr (R > 0) {
    if (left == R) return do_tile(Number<R>{}, row);
    the_rest<R - 1>(left, row, do_tile);
  }
}
template <class F>
EDGE_INLINE void over_rows(int rows, const F& do_tile) {
  int row = 0;
  for (; row + ROWS <= rows; row += ROWS) do_tile(Number<ROWS>{}, row);
  the_rest<ROWS - 1>(rows - row, row, do_tile);
}

// The sums of V vectors of a packed 8-bit matrix, from a block on, whose blocks have G vectors each.
template <int G, int V>
EDGE_INLINE void byte_sums(const Bytes& m, int block, const activation* x, vi* sums) {
#pragma GCC unroll 8
  for (int v = 0; v < V; v++) sums[v] = load(m.start + (block * G + v) * L);
  add_product<V>(m.weights + (size_t)block * m.groups * G * L * GROUP, x, m.groups, sums);
}

// Those of all blocks with each of `rows` rows of `x`: take(row, block, gate, sums).
template <int G, class F>
EDGE_INLINE void byte_sums_of_rows(const Bytes& m, int blocks, const activation* x, int rows, const F& take) {
  for (int b = 0; b < blocks; b++)
    over_rows(rows, [&](auto number, int row) {
      constexpr int R = decltype(number)::value;
      vi s[R][G];
      tile<R, G>(m.weights + (size_t)b * m.groups * G * L * GROUP, x + (size_t)row * m.groups * GROUP,
                 m.groups, m.start + b * G * L, s);
#pragma GCC unroll 8
      for (int n = 0; n < R; n++)
#pragma GCC unroll 8
        for (int g = 0; g < G; g++) take(row + n, b, g, s[n][g]);
    });
}

}  // namespace EDGE_ISA
}  // namespace edge
