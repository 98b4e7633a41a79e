// The loop forwards over the sequences of a team.
#pragma once
#include "team.h"

namespace edge {
namespace EDGE_ISA {

constexpr int AHEAD = 48;  // rows of x whose product is had at once where a step has few

struct Forward {
  Team team;
  float* a[2];  // [rows][a_row]: x and the h before, side by side; of this step and of the next
  float* c;     // [block][rows][L]
  float* z;     // [block][rows][width], where there is no stash
  float* ahead;  // [block][steps * rows][width]: W x + b of the next steps; null: x is in the product of the step
  int steps_ahead;
  float* masked_h;  // [gate][rows][h_row]
  float* m;         // [rows][m_row]: o tanh(c), to be projected
  float* projected;  // [rows][h_row]
  size_t h_row, m_row;

  void carve(const Layer& l, Carver& memory) {
    const size_t rows = team.rows;
    h_row = row_floats(padded(l.outputs));
    m_row = row_floats(l.packed_units);
    for (float*& each : a) each = memory.floats(rows * l.a_row);
    c = memory.floats(rows * l.packed_units);
    z = l.p.stash ? nullptr : memory.floats(rows * l.blocks * l.width);
    steps_ahead = 1;
    ahead = nullptr;
    if (team.rows < ROWS && team.barrier.members == 1) {
      steps_ahead = AHEAD / team.rows;
      ahead = memory.floats(steps_ahead * rows * l.blocks * l.width);
    }
    masked_h = l.masked && !l.diagonal ? memory.floats(l.gates * rows * h_row) : nullptr;
    m = l.projected ? memory.floats(rows * m_row) : nullptr;
    projected = l.projected ? memory.floats(rows * h_row) : nullptr;
  }

  void run(const Layer& l, int which);

 private:
  void start(const Layer& l, const Member& me);
  void look_ahead(const Layer& l, size_t t);
  void step(const Layer& l, const Member& me, size_t t, const float* now, float* next);
  void project(const Layer& l, size_t t, const float* now, float* next);
  void mask(const Layer& l, const float* h);
};

inline void Forward::run(const Layer& l, int which) {
  const Member me = member_of(l, team, which);
  start(l, me);
  training::wait_for_all(&team.barrier);
  for (size_t t = 0; t < (size_t)l.p.time; t++) {
    const float* now = a[t % 2];
    float* next = a[(t + 1) % 2];
    if (ahead && t % steps_ahead == 0) look_ahead(l, t);
    step(l, me, t, now, next);
    if (l.projected) project(l, t, now, next);
    if (masked_h) mask(l, next + l.inputs);
    if (!ahead && t + 1 < (size_t)l.p.time)
      for (int row = me.row0; row < me.row1; row++)
        copy(next + row * l.a_row, l.x_at(team.first_row + row, t + 1), l.inputs);
    training::wait_for_all(&team.barrier);
  }
  const float* last = a[l.p.time % 2] + l.inputs;
  for (int row = me.row0; row < me.row1; row++)
    copy(l.p.h + (team.first_row + row) * (size_t)l.outputs, last + row * l.a_row, l.outputs);
  for (int block = me.block0; block < me.block1; block++)
    for (int row = 0; row < team.rows; row++)
      store_part(l.p.c + (team.first_row + row) * (size_t)l.units + block * L,
                 load(c + ((size_t)block * team.rows + row) * L), l.lanes(block));
}

inline void Forward::start(const Layer& l, const Member& me) {
  for (int row = me.row0; row < me.row1; row++) {
    const size_t in_batch = team.first_row + row;
    for (float* each : a) __builtin_memset(each + row * l.a_row, 0, l.a_row * sizeof(float));
    if (l.p.time) copy(a[0] + row * l.a_row, l.x_at(in_batch, 0), l.inputs);
    if (l.p.h0) copy(a[0] + row * l.a_row + l.inputs, l.p.h0 + in_batch * l.outputs, l.outputs);
  }
  for (int block = me.block0; block < me.block1; block++)
    for (int row = 0; row < team.rows; row++)
      store(c + ((size_t)block * team.rows + row) * L,
            l.p.c0 ? load_part(l.p.c0 + (team.first_row + row) * (size_t)l.units + block * L, l.lanes(block))
                   : splat(0.0f));
  if (masked_h) mask(l, a[0] + l.inputs);
}

inline void Forward::look_ahead(const Layer& l, size_t t) {
  const size_t left = l.p.time - t;
  const int steps = left < (size_t)steps_ahead ? (int)left : steps_ahead;
  const ptrdiff_t to_next = l.p.reversed ? -(ptrdiff_t)l.inputs : l.inputs;
  for (int block = 0; block < l.blocks; block++)
    for (int row = 0; row < team.rows; row++) {
      const Factors f = {l.x_at(team.first_row + row, t), to_next,          1, 1, l.inputs, 0,
                         l.panels + (size_t)block * l.depth * l.width, (ptrdiff_t)l.width, 0};
      float* to = ahead + ((size_t)block * steps_ahead * team.rows + row) * l.width;
      multiply(l.gates, steps, f, {to, (ptrdiff_t)(team.rows * l.width), l.bias + block * l.width, 0});
    }
}

inline void Forward::step(const Layer& l, const Member& me, size_t t, const float* now, float* next) {
  const bool keep = l.p.stash != nullptr;
  const size_t z_row = keep ? l.record : l.width;
  for (int block = me.block0; block < me.block1; block++) {
    float* sums = keep ? l.stash_at(t, block, team.first_row) : z + (size_t)block * team.rows * l.width;
    const float* panel = l.panels + (size_t)block * l.depth * l.width;
    const int skipped = ahead ? l.inputs : 0;  // of x and h
    const int end = masked_h ? l.inputs : l.depth;
    const Factors both = {now + skipped, (ptrdiff_t)l.a_row, 1, 1, end - skipped, 0,
                          panel + skipped * l.width, (ptrdiff_t)l.width, 0};
    const Sums from_bias = {sums, (ptrdiff_t)z_row, l.bias + block * l.width, 0};
    const Sums from_ahead = {
        sums, (ptrdiff_t)z_row,
        ahead + ((size_t)block * steps_ahead + t % steps_ahead) * team.rows * l.width, (ptrdiff_t)l.width};
    multiply(l.gates, team.rows, both, ahead ? from_ahead : from_bias);
    if (masked_h) {
      const Factors f = {masked_h, (ptrdiff_t)h_row, 1, 1, l.outputs, 0, panel + l.inputs * l.width,
                         (ptrdiff_t)l.width, (ptrdiff_t)(team.rows * h_row)};
      multiply(l.gates, team.rows, f, {sums, (ptrdiff_t)z_row, sums, (ptrdiff_t)z_row});
    }
    CellsForward cells = {sums, z_row, keep, c + (size_t)block * team.rows * L,
                          now + l.inputs + block * L, next + l.inputs + block * L, l.a_row,
                          !l.projected && l.h_at(0, 0) != nullptr};
    if (l.projected) cells.h = cells.next = m + block * L, cells.h_row = m_row;
    cells_forward(l, {block, l.lanes(block), team.rows, (size_t)team.first_row, t}, cells);
  }
}

inline void Forward::project(const Layer& l, size_t t, const float* now, float* next) {
  const Factors f = {m, (ptrdiff_t)m_row, 1, 1, l.units, 0, l.projection, 0, 0};
  multiply_wide(0, l.outputs, l.units, team.rows, f, {projected, (ptrdiff_t)h_row, nullptr, 0});
  const float bound = l.p.projection_clip;
  for (int row = 0; row < team.rows; row++) {
    const size_t in_batch = team.first_row + row;
    for (int block = 0; block * L < l.outputs; block++) {
      const int lanes = l.outputs - block * L < L ? l.outputs - block * L : L;
      vf h = load(projected + row * h_row + block * L);
      if (bound > 0) h = clamp(h, -bound, bound);
      if (l.p.hold_h)
        h = held(l.p.hold_h, l.p.hold_h_size, t * l.p.batch + in_batch, block, lanes)
                ? load(now + row * l.a_row + l.inputs + block * L)
                : h;
      store(next + row * l.a_row + l.inputs + block * L, h);
      if (float* shown = l.h_at(in_batch, t)) store_part(shown + block * L, h, lanes);
    }
  }
}

// h' as each gate sees it.
inline void Forward::mask(const Layer& l, const float* h) {
  for (int gate = 0; gate < l.gates; gate++)
    for (int row = 0; row < team.rows; row++) {
      const float* by = l.p.masks + ((size_t)gate * l.p.batch + team.first_row + row) * l.outputs;
      float* to = masked_h + ((size_t)gate * team.rows + row) * h_row;
      for (int k = 0; k < l.outputs; k++) to[k] = h[row * l.a_row + k] * by[k];
    }
}

}  // namespace EDGE_ISA
}  // namespace edge
