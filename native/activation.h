// Sigmoid, tanh and what becomes of a cell in a step: the gates' sums in, the new cell and its output out.
#pragma once
#include "simd.h"

namespace edge {
namespace EDGE_ISA {

// 2^x for |x| <= 60, relative error 1e-7; exactly 1 at 0. Beyond 60 sigmoid and tanh no longer change, and
// the product of two such powers is still a float.
EDGE_INLINE vf exp2(vf x) {
  const vi whole = nearest(x);
  const vf r = x - __builtin_convertvector(whole, vf);
  vf p = splat(0.001326469879441433f);
  p = p * r + 0.009671508822656594f;
  p = p * r + 0.055507337764483855f;
  p = p * r + 0.24022242145237466f;
  p = p * r + 0.6931469776119505f;
  p = p * r + 1.0f;
  return (vf)((vi)p + (whole << 23));
}

constexpr float LOG2E = 1.4426950408889634f;

// e^-x and e^-2x
EDGE_INLINE vf decay(vf x) { return exp2(clamp(x * -LOG2E, -60.0f, 60.0f)); }
EDGE_INLINE vf decay_twice(vf x) { return exp2(clamp(x * (-2 * LOG2E), -60.0f, 60.0f)); }

// A division, not a reciprocal: a gate that is held open with a bias of 20 has to be 1, or the cell drifts.
EDGE_INLINE vf sigmoid(vf x) { return 1.0f / (1.0f + decay(x)); }

// What every cell has beside the matrices; arrays of whole vectors, null where the layer has none.
struct Cells {
  const float* peephole_i;
  const float* peephole_f;
  const float* peephole_o;
  float clip;  // 0: none
};

// The gates are i f g o, or f g o where the input gate is coupled to the forget gate: i = 1 - f.
template <int G>
EDGE_INLINE vf new_cell(const vf* gates, vf c, float limit) {
  const vf f = sigmoid(gates[G - 3]);
  const vf g = decay_twice(gates[G - 2]);
  if (G == 4) {
    const vf i = decay(gates[0]);
    c = f * c + (1.0f - g) * reciprocal((1.0f + i) * (1.0f + g));
  } else {
    c = f * c + (1.0f - f) * ((1.0f - g) * reciprocal(1.0f + g));
  }
  return limit > 0 ? clip(c, limit) : c;
}

EDGE_INLINE vf new_output(vf gate, vf c) {
  const vf o = decay(gate), g = decay_twice(c);
  return (1.0f - g) * reciprocal((1.0f + o) * (1.0f + g));
}

// One vector of cells: the sums of the gates and the old cell in, the output out, the cell in place.
template <int G>
EDGE_INLINE vf step_cells(vf* gates, float* c_at, const Cells& cells, size_t at) {
  vf c = load(c_at);
  if (cells.peephole_f) {
    if (G == 4) gates[0] += load(cells.peephole_i + at) * c;
    gates[G - 3] += load(cells.peephole_f + at) * c;
  }
  c = new_cell<G>(gates, c, cells.clip);
  store(c_at, c);
  if (cells.peephole_f) gates[G - 1] += load(cells.peephole_o + at) * c;
  return new_output(gates[G - 1], c);
}

}  // namespace EDGE_ISA
}  // namespace edge
