// The loop backwards over the sequences of a team; the equations are in whole_sequence/backward.py of the layer.
#pragma once
#include "team.h"

namespace edge {
namespace EDGE_ISA {

// Rows, of all steps together, whose share of the weights' gradients is summed at once: more of them where the
// sums are more than the cache has and each time come from afar.
constexpr int CHUNK = 96, LARGE_CHUNK = 256;

struct Backward {
  Team team;
  int chunk;       // rows that are summed at once
  int steps;       // of a chunk
  size_t rows;     // of a chunk
  float* a;        // [rows][a_row]: x and the h before
  float* bars;     // [block][rows][width]
  float* dh;       // [rows of the team][h_row]
  float* held_h;   // the same, or null
  float* dc;       // [block][rows of the team][L]
  float* first_c;  // [block][rows of the team][L]
  float* masked_h;     // [gate][rows][h_row]
  float* by_gate;      // [rows of the team][h_row]
  float* d_projected;  // [rows][h_row]
  float* m;            // [rows][m_row]
  float* dm;           // [rows of the team][m_row]
  float* dx;           // [rows][x_row]
  // Sums over all steps: [block][depth][gates][L]; a row of each gate; [units][outputs].
  float *d_panels, *d_bias, *d_peepholes, *d_own, *d_projection;
  size_t h_row, m_row, x_row;

  void carve(const Layer& l, Carver& memory) {
    chunk = l.depth * l.blocks * l.width * sizeof(float) > (size_t)2 << 20 ? LARGE_CHUNK : CHUNK;
    steps = team.rows && team.rows < chunk ? chunk / team.rows : 1;
    if (steps > l.p.time) steps = l.p.time ? (int)l.p.time : 1;
    rows = (size_t)steps * team.rows;
    a = memory.floats(rows * l.a_row);
    bars = memory.floats(rows * l.blocks * l.width);
    dh = memory.floats(team.rows * h_row);
    held_h = l.p.hold_h ? memory.floats(team.rows * h_row) : nullptr;
    dc = memory.floats(team.rows * l.packed_units);
    first_c = memory.floats(team.rows * l.packed_units);
    const bool by = l.masked && !l.diagonal;
    masked_h = by ? memory.floats(l.gates * rows * h_row) : nullptr;
    by_gate = by ? memory.floats(team.rows * h_row) : nullptr;
    d_projected = l.projected ? memory.floats(rows * h_row) : nullptr;
    m = l.projected ? memory.floats(rows * m_row) : nullptr;
    dm = l.projected ? memory.floats(team.rows * m_row) : nullptr;
    dx = l.p.d_x ? memory.floats(rows * x_row) : nullptr;
  }
  // Before carve().
  void carve_sums(const Layer& l, Carver& memory) {
    h_row = row_floats(padded(l.outputs));
    m_row = row_floats(l.packed_units);
    x_row = row_floats(padded(l.inputs));
    d_panels = memory.floats(l.depth * l.blocks * l.width);
    d_bias = memory.floats(l.blocks * l.width);
    d_peepholes = memory.floats(l.blocks * l.width);
    d_own = memory.floats(l.blocks * l.width);
    d_projection = l.projected ? memory.floats(l.units * h_row) : nullptr;
  }

  void run(const Layer& l, int which);

 private:
  void start(const Layer& l, const Member& me);
  void step(const Layer& l, const Member& me, size_t t, size_t slot);
  void through_projection(const Layer& l, size_t t, size_t slot);
  void to_h_before(const Layer& l, const Member& me, size_t slot);
  void gather(const Layer& l, const Member& me, size_t t, size_t slot);
  void sum_weights(const Layer& l, const Member& me, size_t count, bool first);
  void to_x(const Layer& l, int which, size_t t0, size_t count);
};

inline void Backward::run(const Layer& l, int which) {
  const Member me = member_of(l, team, which);
  start(l, me);
  training::wait_for_all(&team.barrier);
  bool first = true;
  for (size_t end = l.p.time; end > 0; first = false) {
    const size_t t0 = end > (size_t)steps ? end - steps : 0;
    for (size_t t = end; t-- > t0;) {
      if (l.projected) through_projection(l, t, t - t0);
      step(l, me, t, t - t0);
      gather(l, me, t, t - t0);
      training::wait_for_all(&team.barrier);
      if (!l.diagonal) to_h_before(l, me, t - t0);
    }
    sum_weights(l, me, (end - t0) * team.rows, first);
    if (l.p.d_x) to_x(l, which, t0, (end - t0) * team.rows);
    training::wait_for_all(&team.barrier);
    end = t0;
  }
  for (int row = me.row0; row < me.row1; row++)
    copy(l.p.d_h0 + (team.first_row + row) * (size_t)l.outputs, dh + row * h_row, l.outputs);
  for (int block = me.block0; block < me.block1; block++)
    for (int row = 0; row < team.rows; row++)
      store_part(l.p.d_c0 + (team.first_row + row) * (size_t)l.units + block * L,
                 load(dc + ((size_t)block * team.rows + row) * L), l.lanes(block));
}

inline void Backward::start(const Layer& l, const Member& me) {
  for (int row = me.row0; row < me.row1; row++) {
    __builtin_memset(dh + row * h_row, 0, h_row * sizeof(float));
    if (l.p.d_h) copy(dh + row * h_row, l.p.d_h + (team.first_row + row) * (size_t)l.outputs, l.outputs);
  }
  for (int block = me.block0; block < me.block1; block++)
    for (int row = 0; row < team.rows; row++) {
      const size_t from = (team.first_row + row) * (size_t)l.units + block * L;
      const size_t at = ((size_t)block * team.rows + row) * L;
      store(dc + at, l.p.d_c ? load_part(l.p.d_c + from, l.lanes(block)) : splat(0.0f));
      store(first_c + at, l.p.c0 ? load_part(l.p.c0 + from, l.lanes(block)) : splat(0.0f));
    }
  const size_t blocks = me.block1 - me.block0;
  __builtin_memset(d_bias + me.block0 * l.width, 0, blocks * l.width * sizeof(float));
  __builtin_memset(d_own + me.block0 * l.width, 0, blocks * l.width * sizeof(float));
  __builtin_memset(d_peepholes + me.block0 * l.width, 0, blocks * l.width * sizeof(float));
  if (l.p.time) return;
  __builtin_memset(d_panels + me.block0 * l.depth * l.width, 0, blocks * l.depth * l.width * sizeof(float));
  if (l.projected) __builtin_memset(d_projection, 0, l.units * h_row * sizeof(float));
}

inline void Backward::step(const Layer& l, const Member& me, size_t t, size_t slot) {
  const float* h_before = nullptr;
  size_t h_before_row = 0;
  if (l.diagonal && t) {
    h_before = l.h_at(team.first_row, t - 1);
    h_before_row = l.p.out ? (size_t)l.p.time * l.outputs : l.outputs;
  } else if (l.diagonal) {
    h_before = l.p.h0 ? l.p.h0 + team.first_row * (size_t)l.outputs : nullptr;
    h_before_row = l.outputs;
  }
  const size_t before_at = l.width + (l.p.hold_c ? L : 0);
  for (int block = me.block0; block < me.block1; block++) {
    const size_t own = (size_t)block * team.rows * L;
    CellsBackward at = {};
    at.z = l.stash_at(t, block, team.first_row), at.z_row = l.record;
    at.before = t ? l.stash_at(t - 1, block, team.first_row) + before_at : first_c + own;
    at.before_row = t ? l.record : L;
    at.dh = (l.projected ? dm : dh) + block * L, at.dh_row = l.projected ? m_row : h_row;
    at.dc = dc + own;
    at.bars = bars + (block * rows + slot * team.rows) * l.width;
    at.held_h = held_h && !l.projected ? held_h + block * L : nullptr;
    at.h_before = h_before ? h_before + block * L : nullptr, at.h_before_row = h_before_row;
    at.dh_before = dh + block * L;
    at.m = l.projected ? m + slot * team.rows * m_row + block * L : nullptr, at.m_row = m_row;
    at.d_bias = d_bias + block * l.width;
    at.d_own = d_own + block * l.width;
    at.d_peephole = d_peepholes + (size_t)block * l.learned * L;
    cells_backward(l, {block, l.lanes(block), team.rows, (size_t)team.first_row, t}, at);
  }
}

inline void Backward::through_projection(const Layer& l, size_t t, size_t slot) {
  const float bound = l.p.projection_clip;
  float* past = d_projected + slot * team.rows * h_row;
  for (int row = 0; row < team.rows; row++) {
    const size_t in_batch = team.first_row + row;
    for (int block = 0; block * L < l.outputs; block++) {
      const int lanes = l.outputs - block * L < L ? l.outputs - block * L : L;
      const size_t at = row * h_row + block * L;
      vf d = load(dh + at);
      if (l.p.d_out) d += load_part(l.p.d_out + (in_batch * l.p.time + t) * l.outputs + block * L, lanes);
      if (l.p.hold_h) {
        const vi stays = held(l.p.hold_h, l.p.hold_h_size, t * l.p.batch + in_batch, block, lanes);
        store(held_h + at, stays ? d : splat(0.0f));
        d = stays ? splat(0.0f) : d;
      }
      if (bound > 0) d = absolute(load_part(l.h_at(in_batch, t) + block * L, lanes)) < bound ? d : splat(0.0f);
      store(past + at, d);
    }
  }
  const Factors f = {past, (ptrdiff_t)h_row, 1, 1, l.outputs, 0, l.m_back, 0, 0};
  multiply_wide(0, l.units, l.outputs, team.rows, f, {dm, (ptrdiff_t)m_row, nullptr, 0});
}

inline void Backward::to_h_before(const Layer& l, const Member& me, size_t slot) {
  const ptrdiff_t run_step = rows * l.width;
  const float* from = bars + slot * team.rows * l.width;
  const int k = (int)l.width * l.blocks;
  if (!masked_h) {
    const int last = l.projected || me.block1 * L > l.outputs ? l.outputs : me.block1 * L;
    const Factors f = {from, (ptrdiff_t)l.width, 1, l.blocks, (int)l.width, run_step, l.h_back, 0, 0};
    return multiply_wide(l.projected ? 0 : me.block0 * L, last, k, team.rows, f,
                         {dh, (ptrdiff_t)h_row, held_h, (ptrdiff_t)h_row});
  }
  for (int gate = 0; gate < l.gates; gate++) {
    const Factors f = {from + gate * L, (ptrdiff_t)l.width, 1, l.blocks, L, run_step,
                       l.h_back + (size_t)gate * l.blocks * L * padded(l.outputs), 0, 0};
    multiply_wide(0, l.outputs, l.blocks * L, team.rows, f, {by_gate, (ptrdiff_t)h_row, nullptr, 0});
    for (int row = 0; row < team.rows; row++) {
      const float* mask = l.p.masks + ((size_t)gate * l.p.batch + team.first_row + row) * l.outputs;
      float* to = dh + row * h_row;
      for (int o = 0; o < l.outputs; o++) {
        const float before = gate ? to[o] : held_h ? held_h[row * h_row + o] : 0.0f;
        to[o] = before + mask[o] * by_gate[row * h_row + o];
      }
    }
  }
}

// x and the h before of a step, for the sums over the chunk.
inline void Backward::gather(const Layer& l, const Member& me, size_t t, size_t slot) {
  for (int row = me.row0; row < me.row1; row++) {
    const size_t in_batch = team.first_row + row, at = slot * team.rows + row;
    float* to = a + at * l.a_row;
    copy(to, l.x_at(in_batch, t), l.inputs);
    if (l.diagonal) continue;
    const float* h = t ? l.h_at(in_batch, t - 1) : l.p.h0 ? l.p.h0 + in_batch * l.outputs : nullptr;
    if (h)
      copy(to + l.inputs, h, l.outputs);
    else
      __builtin_memset(to + l.inputs, 0, l.outputs * sizeof(float));
    if (!masked_h) continue;
    for (int gate = 0; gate < l.gates; gate++) {
      const float* mask = l.p.masks + ((size_t)gate * l.p.batch + in_batch) * l.outputs;
      float* into = masked_h + ((size_t)gate * rows + at) * h_row;
      for (int o = 0; o < l.outputs; o++) into[o] = to[l.inputs + o] * mask[o];
    }
  }
}

inline void Backward::sum_weights(const Layer& l, const Member& me, size_t count, bool first) {
  for (size_t from = 0; from < count; from += chunk) {
    const int now = count - from < (size_t)chunk ? (int)(count - from) : chunk;
    for (int block = me.block0; block < me.block1; block++) {
      const float* bar = bars + (block * rows + from) * l.width;
      float* to = d_panels + (size_t)block * l.depth * l.width;
      const Factors f = {a + from * l.a_row, 1, (ptrdiff_t)l.a_row, 1, now, 0, bar, (ptrdiff_t)l.width, 0};
      multiply(l.gates, masked_h ? l.inputs : l.depth, f,
               {to, (ptrdiff_t)l.width, first ? nullptr : to, (ptrdiff_t)l.width});
      if (!masked_h) continue;
      to += l.inputs * l.width;
      const Factors by = {masked_h + from * h_row, 1, (ptrdiff_t)h_row, 1, now, 0, bar, (ptrdiff_t)l.width,
                          (ptrdiff_t)(rows * h_row)};
      multiply(l.gates, l.outputs, by, {to, (ptrdiff_t)l.width, first ? nullptr : to, (ptrdiff_t)l.width});
    }
    for (int column = 0; l.projected && column < l.outputs; column += WIDE) {
      const int vectors = l.outputs - column < WIDE ? (l.outputs - column + L - 1) / L : 4;
      float* to = d_projection + column;
      const Factors f = {m + from * m_row, 1, (ptrdiff_t)m_row, 1, now, 0,
                         d_projected + from * h_row + column, (ptrdiff_t)h_row, 0};
      multiply(vectors, l.units, f, {to, (ptrdiff_t)h_row, first ? nullptr : to, (ptrdiff_t)h_row});
    }
    first = false;
  }
}

inline void Backward::to_x(const Layer& l, int which, size_t t0, size_t count) {
  const int members = team.barrier.members;
  const int from = part_of((int)count, which, members, 1), end = part_of((int)count, which + 1, members, 1);
  const Factors f = {bars + from * l.width, (ptrdiff_t)l.width, 1, l.blocks, (int)l.width,
                     (ptrdiff_t)(rows * l.width), l.x_back, 0, 0};
  multiply_wide(0, l.inputs, (int)l.width * l.blocks, end - from, f,
                {dx + from * x_row, (ptrdiff_t)x_row, nullptr, 0});
  for (int at = from; at < end; at++)
    copy(l.dx_at(team.first_row + at % team.rows, t0 + at / team.rows), dx + at * x_row, l.inputs);
}

}  // namespace EDGE_ISA
}  // namespace edge
