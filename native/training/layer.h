// What a call knows before its loop: the sizes in blocks of L cells, and the weights as the products want them.
#pragma once
#include "../activation.h"
#include "problem.h"

namespace edge {
namespace EDGE_ISA {

using training::Problem;

// Carves arrays that begin at a cache line out of one piece of memory; counts alone while there is none.
struct Carver {
  char* base;
  size_t used;
  float* floats(size_t count) {
    float* here = base ? (float*)(base + used) : nullptr;
    used += (count * sizeof(float) + 63) / 64 * 64;
    return here;
  }
};

EDGE_INLINE size_t padded(size_t count) { return (count + L - 1) / L * L; }

// The distance of rows of that many floats: an odd number of cache lines, so that rows below each other do not
// fall on the same place of the cache; and a whole vector may be written from any of them on.
EDGE_INLINE size_t row_floats(size_t count) { return (((count + L) * 4 + 63) / 64 | 1) * 16; }

struct Layer {
  Problem p;
  int inputs, units, outputs, gates, blocks;
  int i, f, g, o;  // which of the gates is which; -1: it has no weights
  int learned;
  bool coupled, diagonal, projected, masked;
  bool plain;     // all gates, full matrices, nothing held or clipped
  int depth;      // rows of the kernels one below the other: x, then h
  size_t a_row;   // floats from a row of x and h to the next
  size_t width;   // floats of a cell block of all gates
  size_t record;  // floats that the stash keeps of a block of a row
  size_t columns, packed_units;

  const float* panels;       // [block][depth][gates][L]
  const float* bias;         // [block][gates][L]
  const float* peepholes;    // [learned][blocks * L]
  const float* own;          // a diagonal recurrence: [block][gates][L]
  const float* projection;   // pack_columns of [units, outputs]
  const float* h_back;       // the recurrent kernel transposed; by gate where h' is masked
  const float* x_back;       // the kernel transposed
  const float* m_back;       // the projection transposed

  int lanes(int block) const { return units - block * L < L ? units - block * L : L; }
  const float* x_at(size_t row, size_t t) const {
    return p.x + (row * p.time + (p.reversed ? p.time - 1 - t : t)) * inputs;
  }
  float* dx_at(size_t row, size_t t) const {
    return p.d_x + (row * p.time + (p.reversed ? p.time - 1 - t : t)) * inputs;
  }
  float* stash_at(size_t t, size_t block, size_t row) const {
    return p.stash + ((t * blocks + block) * p.batch + row) * record;
  }
  // h of every step: shown to the caller, else kept behind the rest of the stash.
  float* h_at(size_t row, size_t t) const {
    if (p.out) return p.out + (row * p.time + t) * outputs;
    if (!p.stash) return nullptr;
    return stash_at(p.time, 0, 0) + (t * p.batch + row) * outputs;
  }
};

EDGE_INLINE Layer layer_of(const Problem& p) {
  Layer l = {};
  l.p = p;
  l.inputs = (int)p.inputs, l.units = (int)p.units, l.outputs = (int)p.outputs;
  l.i = l.f = l.o = -1;
  if (p.learned & training::LEARNED_I) l.i = l.gates++;
  if (p.learned & training::LEARNED_F) l.f = l.gates++;
  l.g = l.gates++;
  if (p.learned & training::LEARNED_O) l.o = l.gates++;
  l.learned = l.gates - 1;
  l.coupled = p.coupled, l.diagonal = p.diagonal, l.projected = p.projection != nullptr;
  l.masked = p.masks != nullptr;
  l.plain = l.gates == 4 && !l.diagonal && !l.projected && !p.hold_h && !p.hold_c && !(p.cell_clip > 0);
  l.blocks = (l.units + L - 1) / L;
  l.packed_units = (size_t)l.blocks * L;
  l.depth = l.inputs + (l.diagonal ? 0 : l.outputs);
  l.a_row = row_floats(l.inputs + padded(l.outputs));
  l.width = (size_t)l.gates * L;
  l.record = l.width + L + (p.hold_c ? L : 0);
  l.columns = (size_t)l.gates * l.units;
  return l;
}

EDGE_INLINE size_t stash_floats(const Layer& l) {
  const size_t rows = (size_t)l.p.time * l.p.batch;
  return rows * l.blocks * l.record + (l.p.out ? 0 : rows * l.outputs) + 16;
}

// Part of a vector, zeros in the rest.
EDGE_INLINE vf load_part(const float* from, int lanes) {
  if (lanes == L) return load(from);
  float part[L] = {};
  for (int l = 0; l < lanes; l++) part[l] = from[l];
  return load(part);
}
EDGE_INLINE void store_part(float* to, vf v, int lanes) {
  if (lanes == L) return store(to, v);
  for (int l = 0; l < lanes; l++) to[l] = v[l];
}
EDGE_INLINE void copy(float* to, const float* from, size_t count) {
  __builtin_memcpy(to, from, count * sizeof(float));
}

// Where a step stays: all ones.
EDGE_INLINE vi held(const uint8_t* hold, int size, size_t row, int block, int lanes) {
  if (size == 1) return hold[row] ? splat(-1) : splat(0);
  const uint8_t* at = hold + row * size + block * L;
  int32_t mask[L];
  for (int l = 0; l < L; l++) mask[l] = l < lanes && at[l] ? -1 : 0;
  return load(mask);
}

}  // namespace EDGE_ISA
}  // namespace edge
