// Products of matrices, a tile at a time: as many rows and vectors of sums as there are registers.
#pragma once
#include "../simd.h"

namespace edge {
namespace EDGE_ISA {

// Where the two factors of a sum of products lie. Element (row, k) of the left one is
// a[row * row_step + k * k_step + gate * gate_step]; k counts through `runs` runs of `run` each, run_step apart.
// The right one is packed: b[k][V vectors].
struct Factors {
  const float* a;
  ptrdiff_t row_step, k_step;
  int runs, run;
  ptrdiff_t run_step;
  const float* b;
  ptrdiff_t b_step;
  ptrdiff_t gate_step;  // the left factor of each vector of the sum is another one; 0: the same
};

// Where the sums go: out[row * out_step] = start[row * start_step] + sum; start null: nothing is added.
struct Sums {
  float* out;
  ptrdiff_t out_step;
  const float* start;
  ptrdiff_t start_step;
};

// The most rows of a tile of V vectors.
template <int V>
constexpr int most_rows() {
  return V >= 4 ? ROWS : V == 3 ? ROWS + (ROWS > 3) : ROWS + (ROWS > 3 ? 2 : 1);
}

template <int R, int V, bool BY_GATE>
static void tile(const Factors& f, const Sums& s) {
  constexpr int CHAINS = BY_GATE || R * V > 4 ? 1 : R * V > 2 ? 2 : 4;  // too few sums to hide the latency
  vf sums[R][V], others[CHAINS][R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
      sums[r][v] = splat(0.0f);
#pragma GCC unroll 4
      for (int chain = 1; chain < CHAINS; chain++) others[chain][r][v] = splat(0.0f);
    }
  const float* b = f.b;
  const ptrdiff_t k_step = f.k_step, b_step = f.b_step;
  for (int run = 0; run < f.runs; run++) {
    const float* a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) a[r] = f.a + run * f.run_step + r * f.row_step;
    ptrdiff_t at = 0;
    int k = 0;
    if (CHAINS > 1)
      for (; k + CHAINS <= f.run; k += CHAINS)
#pragma GCC unroll 4
        for (int chain = 0; chain < CHAINS; chain++, at += k_step, b += b_step)
#pragma GCC unroll 8
          for (int r = 0; r < R; r++)
#pragma GCC unroll 8
            for (int v = 0; v < V; v++)
              (chain ? others[chain] : sums)[r][v] += splat(a[r][at]) * load(b + v * L);
    for (; k < f.run; k++, at += k_step, b += b_step) {
      vf w[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) w[v] = load(b + v * L);
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        if (BY_GATE) {
#pragma GCC unroll 8
          for (int v = 0; v < V; v++) sums[r][v] += splat(a[r][at + v * f.gate_step]) * w[v];
        } else {
          const vf x = splat(a[r][at]);
#pragma GCC unroll 8
          for (int v = 0; v < V; v++) sums[r][v] += x * w[v];
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
      vf sum = sums[r][v];
#pragma GCC unroll 4
      for (int chain = 1; chain < CHAINS; chain++) sum += others[chain][r][v];
      if (s.start) sum += load(s.start + r * s.start_step + v * L);
      store(s.out + r * s.out_step + v * L, sum);
    }
}

template <int R, int V, bool BY_GATE>
EDGE_INLINE void tile_of(int rows, const Factors& f, const Sums& s) {
  if constexpr (R > 0) {
    if (rows == R) return tile<R, V, BY_GATE>(f, s);
    tile_of<R - 1, V, BY_GATE>(rows, f, s);
  }
}

// All rows, in tiles of about the same height.
template <int V, bool BY_GATE>
static void all_rows(int rows, Factors f, Sums s) {
  constexpr int MOST = most_rows<V>();
  for (int tiles = (rows + MOST - 1) / MOST; tiles > 0; tiles--) {
    const int now = (rows + tiles - 1) / tiles;
    tile_of<MOST, V, BY_GATE>(now, f, s);
    rows -= now;
    f.a += now * f.row_step;
    s.out += now * s.out_step;
    if (s.start) s.start += now * s.start_step;
  }
}

// `vectors` is 1 to 4.
static void multiply(int vectors, int rows, const Factors& f, const Sums& s) {
  if (f.gate_step) {
    if (vectors == 4) return all_rows<4, true>(rows, f, s);
    if (vectors == 3) return all_rows<3, true>(rows, f, s);
    if (vectors == 2) return all_rows<2, true>(rows, f, s);
    return all_rows<1, true>(rows, f, s);
  }
  if (vectors == 4) return all_rows<4, false>(rows, f, s);
  if (vectors == 3) return all_rows<3, false>(rows, f, s);
  if (vectors == 2) return all_rows<2, false>(rows, f, s);
  return all_rows<1, false>(rows, f, s);
}

// The same with a right factor of any width: column blocks of up to four vectors, [block][k][vectors], as
// pack_columns() has written them.
constexpr int WIDE = 4 * L;
static void multiply_wide(int first, int columns, int k, int rows, Factors f, Sums s) {
  const float* b = f.b;
  const float* start = s.start;
  float* out = s.out;
  for (int column = first; column < columns; column += WIDE) {
    const int vectors = columns - column < WIDE ? (columns - column + L - 1) / L : 4;
    f.b = b + (size_t)column * k;
    f.b_step = vectors * L;
    s.out = out + column;
    s.start = start ? start + column : nullptr;
    multiply(vectors, rows, f, s);
  }
}

}  // namespace EDGE_ISA
}  // namespace edge
