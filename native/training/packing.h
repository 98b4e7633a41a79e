// The weights in the order in which the products read them; and gradients back in the order of the caller.
#pragma once
#include "layer.h"
#include "tiles.h"

namespace edge {
namespace EDGE_ISA {

// The kernels by block of cells: [block][depth][gates][L].
static void pack_panels(const Layer& l, float* to, int first, int last) {
  for (int block = first; block < last; block++) {
    const int lanes = l.lanes(block);
    float* at = to + (size_t)block * l.depth * l.width;
    for (int k = 0; k < l.depth; k++) {
      const float* row =
          k < l.inputs ? l.p.kernel + k * l.columns : l.p.recurrent + (k - l.inputs) * l.columns;
      for (int gate = 0; gate < l.gates; gate++, at += L)
        store(at, load_part(row + gate * l.units + block * L, lanes));
    }
  }
}

// A row for each gate, as the bias or a diagonal recurrence: [block][gates][L]; zeros where there is none.
static void pack_rows(const Layer& l, const float* from, float* to) {
  for (int block = 0; block < l.blocks; block++)
    for (int gate = 0; gate < l.gates; gate++, to += L)
      store(to, from ? load_part(from + gate * l.units + block * L, l.lanes(block)) : splat(0.0f));
}

static void pack_peepholes(const Layer& l, float* to) {
  for (int gate = 0; gate < l.learned; gate++)
    for (int block = 0; block < l.blocks; block++, to += L)
      store(to, load_part(l.p.peephole + gate * l.units + block * L, l.lanes(block)));
}

// [k, columns] in blocks of WIDE columns for multiply_wide().
static void pack_columns(const float* from, int k, int columns, float* to) {
  for (int column = 0; column < columns; column += WIDE) {
    const int width = columns - column < WIDE ? (int)padded(columns - column) : WIDE;
    for (int row = 0; row < k; row++)
      for (int v = 0; v < width; v += L, to += L) {
        const int lanes = columns - column - v < L ? columns - column - v : L;
        store(to, load_part(from + (size_t)row * columns + column + v, lanes));
      }
  }
}

// A piece of `lanes` numbers of each of the rows, transposed: to[lane * width + row]; zeros where there is none.
EDGE_INLINE void turn(const float* from, size_t row_step, int rows, int lanes, int width, float* to) {
  for (int row = 0; row < width; row++)
    for (int lane = 0; lane < L; lane++)
      to[lane * width + row] = row < rows && lane < lanes ? from[row * row_step + lane] : 0.0f;
}

// A kernel [rows, gates * units] transposed, its rows being the columns then: k goes through the blocks, their
// gates and L, or with `by_gate` through the gates first. Column blocks from `first` to `last`, in columns.
static void pack_back(const Layer& l, const float* from, int rows, bool by_gate, float* to, int first,
                      int last) {
  const int k = (int)l.width * l.blocks;
  for (int column = first; column < last; column += WIDE) {
    const int here = rows - column < WIDE ? rows - column : WIDE;
    const int width = (int)padded(here);
    for (int block = 0; block < l.blocks; block++)
      for (int gate = 0; gate < l.gates; gate++) {
        const size_t at = by_gate ? (size_t)gate * l.blocks + block : (size_t)block * l.gates + gate;
        // By gate, each gate is a packed matrix of its own.
        float* into = by_gate ? to + (size_t)gate * l.blocks * L * padded(rows) +
                                    (size_t)column * l.blocks * L + (size_t)block * L * width
                              : to + (size_t)column * k + at * L * width;
        turn(from + (size_t)column * l.columns + gate * l.units + block * L, l.columns, here, l.lanes(block),
             width, into);
      }
  }
}

// The projection [units, outputs] transposed, its units being the columns then; k goes through the outputs.
static void pack_projection_back(const Layer& l, float* to) {
  for (int column = 0; column < l.units; column += WIDE) {
    const int here = l.units - column < WIDE ? l.units - column : WIDE;
    const int width = (int)padded(here);
    for (int k = 0; k < l.outputs; k++)
      for (int c = 0; c < width; c++)
        to[(size_t)column * l.outputs + k * width + c] =
            c < here ? l.p.projection[(size_t)(column + c) * l.outputs + k] : 0.0f;
  }
}

// Sums of the teams, [team][block][depth][gates][L], as rows of the gradients of both kernels.
static void unpack_panels(const Layer& l, const float* from, size_t team_step, int teams, int first, int last) {
  for (int k = first; k < last; k++) {
    float* row = k < l.inputs ? l.p.d_kernel + k * l.columns : l.p.d_recurrent + (k - l.inputs) * l.columns;
    for (int block = 0; block < l.blocks; block++)
      for (int gate = 0; gate < l.gates; gate++) {
        const float* at = from + ((size_t)block * l.depth + k) * l.width + gate * L;
        vf sum = load(at);
        for (int team = 1; team < teams; team++) sum += load(at + team * team_step);
        store_part(row + gate * l.units + block * L, sum, l.lanes(block));
      }
  }
}

// The same for a row of each gate.
static void unpack_rows(const Layer& l, const float* from, size_t team_step, int teams, int gates, float* to) {
  for (int gate = 0; gate < gates; gate++)
    for (int block = 0; block < l.blocks; block++) {
      const float* at = from + ((size_t)block * gates + gate) * L;
      vf sum = load(at);
      for (int team = 1; team < teams; team++) sum += load(at + team * team_step);
      store_part(to + gate * l.units + block * L, sum, l.lanes(block));
    }
}

}  // namespace EDGE_ISA
}  // namespace edge
