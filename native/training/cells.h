// What happens to the cells of a block in a step, forwards and backwards: a vector of L cells of a row at a time.
#pragma once
#include "packing.h"

namespace edge {
namespace EDGE_ISA {

// Where the numbers of a block of cells lie in one step; a row is one sequence of the batch.
struct Block {
  int number, lanes, rows;
  size_t first_row;  // in the batch
  size_t t;
};

EDGE_INLINE vf squash(vf x) { return reciprocal(1.0f + decay(x)); }
// e^-2x - 1 without a difference of two numbers that are nearly the same: a small x has a tanh as exact as any.
EDGE_INLINE vf squash_both(vf x) {
  const vf power = clamp(x * (-2 * LOG2E), -60.0f, 60.0f);
  const vi whole = nearest(power);
  const vf r = power - __builtin_convertvector(whole, vf);
  vf p = splat(0.00015461447765119374f);  // (2^r - 1) / r
  p = p * r + 0.0013390866806730628f;
  p = p * r + 0.0096180569380521774f;
  p = p * r + 0.055503569543361664f;
  p = p * r + 0.24022650718688965f;
  p = p * r + 0.69314718246459961f;
  const vf scale = (vf)((whole + 127) << 23);
  const vf e = scale * (p * r) + (scale - 1.0f);
  return -e * reciprocal(2.0f + e);
}

// Which of the gates is which; known to the compiler where the layer is plain.
struct Places {
  int i, f, g, o;
  EDGE_INLINE_METHOD Places(bool plain, const Layer& l)
      : i(plain ? 0 : l.i), f(plain ? 1 : l.f), g(plain ? 2 : l.g), o(plain ? 3 : l.o) {}
};

// Forwards. `z` has the sums of the gates and gets their values, and the cells behind them where `keep`; `c` the
// cells, in place; `h` at `h_row` floats the outputs of the step before; `next` those of this one.
struct CellsForward {
  float* z;
  size_t z_row;
  bool keep;
  float* c;
  const float* h;
  float* next;
  size_t h_row;
  bool show;  // h of the step goes to where the caller sees it
};

template <bool PLAIN, bool PEEPHOLES>
static void cells_forward_of(const Layer& l, const Block& b, const CellsForward& at) {
  const Places place(PLAIN, l);
  const float* peepholes = PEEPHOLES ? l.peepholes + b.number * L : nullptr;
  const float* own = !PLAIN && l.own ? l.own + b.number * l.width : nullptr;
  const float clip = PLAIN ? 0 : l.p.cell_clip;
  const uint8_t *hold_h = PLAIN ? nullptr : l.p.hold_h, *hold_c = PLAIN ? nullptr : l.p.hold_c;
  const size_t held_row = (b.t * l.p.batch + b.first_row);
  for (int row = 0; row < b.rows; row++) {
    float* z = at.z + row * at.z_row;
    const vf before = load(at.c + row * L);
    const vf h_before = load(at.h + row * at.h_row);
    for (int gate = 0; own && gate < l.gates; gate++) {
      vf h = h_before;
      if (l.masked)
        h *= load_part(
            l.p.masks + ((size_t)gate * l.p.batch + b.first_row + row) * l.outputs + b.number * L, b.lanes);
      store(z + gate * L, load(z + gate * L) + load(own + gate * L) * h);
    }
    vf f = splat(1.0f), i = splat(1.0f);
    const float* p = peepholes;
    if (place.i >= 0) {
      vf sum = load(z + place.i * L);
      if (p) sum += load(p) * before, p += l.packed_units;
      i = squash(sum);
      store(z + place.i * L, i);
    }
    if (place.f >= 0) {
      vf sum = load(z + place.f * L);
      if (p) sum += load(p) * before, p += l.packed_units;
      f = sigmoid(sum);  // exactly 1 where it is wide open: the cell must not drift
      store(z + place.f * L, f);
      if (!PLAIN && l.coupled) i = 1.0f - f;
    }
    const vf g = squash_both(load(z + place.g * L));
    store(z + place.g * L, g);
    vf c = f * before + i * g;
    if (clip > 0) c = clamp(c, -clip, clip);
    vf h = squash_both(c);
    if (place.o >= 0) {
      vf sum = load(z + place.o * L);
      if (p) sum += load(p) * c;
      const vf o = squash(sum);
      store(z + place.o * L, o);
      h *= o;
    }
    if (at.keep) store(z + l.width, c);
    if (hold_c) {
      c = held(hold_c, l.p.hold_c_size, held_row + row, b.number, b.lanes) ? before : c;
      if (at.keep) store(z + l.width + L, c);
    }
    store(at.c + row * L, c);
    if (hold_h && !l.projected)
      h = held(hold_h, l.p.hold_h_size, held_row + row, b.number, b.lanes) ? h_before : h;
    store(at.next + row * at.h_row, h);
    if (at.show) store_part(l.h_at(b.first_row + row, b.t) + b.number * L, h, b.lanes);
  }
}

static void cells_forward(const Layer& l, const Block& b, const CellsForward& at) {
  if (l.peepholes) return l.plain ? cells_forward_of<true, true>(l, b, at) : cells_forward_of<false, true>(l, b, at);
  return l.plain ? cells_forward_of<true, false>(l, b, at) : cells_forward_of<false, false>(l, b, at);
}

// Backwards. `z`, `before` at `z_row`: what the stash has of the step, and the cell that it began with.
struct CellsBackward {
  const float* z;
  size_t z_row;
  const float* before;
  size_t before_row;
  const float* dh;  // of m = o tanh(c)
  size_t dh_row;
  float* dc;        // in place: that of the step before
  float* bars;      // [row][gates][L]
  float* held_h;    // what goes past this step to the h before; null: nothing is held
  const float* h_before;  // a diagonal recurrence: the h before, and what goes to it
  size_t h_before_row;
  float* dh_before;
  float* m;  // a projection: o tanh(c) again, at m_row
  size_t m_row;
  float* d_bias;      // sums, [gates][L]
  float* d_peephole;  // [learned][L]
  float* d_own;       // [gates][L]
};

template <bool PLAIN, bool PEEPHOLES>
static void cells_backward_of(const Layer& l, const Block& b, const CellsBackward& at) {
  const Places place(PLAIN, l);
  const float* peepholes = PEEPHOLES ? l.peepholes + b.number * L : nullptr;
  const float* own = !PLAIN && l.own ? l.own + b.number * l.width : nullptr;
  const float clip = PLAIN ? 0 : l.p.cell_clip;
  float* held_h = PLAIN ? nullptr : at.held_h;
  const uint8_t* hold_c = PLAIN ? nullptr : l.p.hold_c;
  float* m = PLAIN ? nullptr : at.m;
  const size_t held_row = b.t * l.p.batch + b.first_row;
  vi inside = splat(-1);  // cells that are there
  for (int lane = b.lanes; lane < L; lane++) inside[lane] = 0;
  vf d_bias[4] = {}, d_peephole[3] = {}, d_own[4] = {};
  for (int row = 0; row < b.rows; row++) {
    const float* z = at.z + row * at.z_row;
    const vf before = load(at.before + row * at.before_row);
    vf dh = load(at.dh + row * at.dh_row);
    if (l.p.d_out && (PLAIN || !l.projected))
      dh += load_part(
          l.p.d_out + ((b.first_row + row) * (size_t)l.p.time + b.t) * l.outputs + b.number * L, b.lanes);
    vf dc = load(at.dc + row * L), past = splat(0.0f);
    if (held_h) {
      const vi stays = held(l.p.hold_h, l.p.hold_h_size, held_row + row, b.number, b.lanes);
      store(held_h + row * at.dh_row, stays ? dh : splat(0.0f));
      dh = stays ? splat(0.0f) : dh;
    }
    if (hold_c) {
      const vi stays = held(hold_c, l.p.hold_c_size, held_row + row, b.number, b.lanes);
      past = stays ? dc : splat(0.0f);
      dc = stays ? splat(0.0f) : dc;
    }
    const vf c = load(z + l.width), y = squash_both(c), g = load(z + place.g * L);
    vf bars[4] = {};
    vf shown = dh;
    if (place.o >= 0) {
      const vf o = load(z + place.o * L);
      const vf bar = dh * y * o * (1.0f - o);
      bars[3] = bar;
      shown *= o;
      if (peepholes) {
        dc += bar * load(peepholes + (l.learned - 1) * l.packed_units);
        d_peephole[2] += inside ? bar * c : splat(0.0f);
      }
      if (m) store_part(m + row * at.m_row, o * y, b.lanes);
    } else if (m) {
      store_part(m + row * at.m_row, y, b.lanes);
    }
    dc += shown * (1.0f - y * y);
    if (clip > 0) dc = absolute(c) < clip ? dc : splat(0.0f);
    vf f = splat(1.0f), on = dc;
    if (place.f >= 0) {
      f = load(z + place.f * L);
      on = dc * f;
    }
    vf i = splat(1.0f);
    if (!PLAIN && l.coupled) i = 1.0f - f;
    if (place.i >= 0) {
      i = load(z + place.i * L);
      const vf bar = dc * g * i * (1.0f - i);
      bars[0] = bar;
      if (peepholes) {
        on += bar * load(peepholes);
        d_peephole[0] += inside ? bar * before : splat(0.0f);
      }
    }
    if (place.f >= 0) {
      const vf bar = dc * (!PLAIN && l.coupled ? before - g : before) * f * (1.0f - f);
      bars[1] = bar;
      if (peepholes) {
        on += bar * load(peepholes + (place.i >= 0 ? l.packed_units : 0));
        d_peephole[1] += inside ? bar * before : splat(0.0f);
      }
    }
    bars[2] = dc * i * (1.0f - g * g);
    store(at.dc + row * L, past + on);
    float* to = at.bars + row * l.width;
    vf back = splat(0.0f);
    const int places[4] = {place.i, place.f, place.g, place.o};
#pragma GCC unroll 4
    for (int gate = 0; gate < 4; gate++)
      if (places[gate] >= 0) {
        const vf bar = inside ? bars[gate] : splat(0.0f);
        store(to + places[gate] * L, bar);
        d_bias[gate] += bar;
        if (own) {
          vf h = splat(0.0f), r = load(own + places[gate] * L);
          if (at.h_before) h = load_part(at.h_before + row * at.h_before_row, b.lanes);
          if (l.masked) {
            const vf mask = load_part(
                l.p.masks + ((size_t)places[gate] * l.p.batch + b.first_row + row) * l.outputs + b.number * L,
                b.lanes);
            h *= mask, r *= mask;
          }
          d_own[gate] += bar * h;
          back += bar * r;
        }
      }
    if (own) {
      if (held_h) back += load(held_h + row * at.dh_row);
      store(at.dh_before + row * at.dh_row, back);
    }
  }
  const int places[4] = {place.i, place.f, place.g, place.o};
  int learned = 0;
  for (int gate = 0; gate < 4; gate++) {
    if (places[gate] < 0) continue;
    float* to = at.d_bias + places[gate] * L;
    store(to, load(to) + d_bias[gate]);
    if (own) {
      to = at.d_own + places[gate] * L;
      store(to, load(to) + d_own[gate]);
    }
    if (peepholes && gate != 2) {
      to = at.d_peephole + learned++ * L;
      store(to, load(to) + d_peephole[gate == 3 ? 2 : gate]);
    }
  }
}

static void cells_backward(const Layer& l, const Block& b, const CellsBackward& at) {
  if (l.peepholes) return l.plain ? cells_backward_of<true, true>(l, b, at) : cells_backward_of<false, true>(l, b, at);
  return l.plain ? cells_backward_of<true, false>(l, b, at) : cells_backward_of<false, false>(l, b, at);
}

}  // namespace EDGE_ISA
}  // namespace edge
