// The order of the operands of UNIDIRECTIONAL_SEQUENCE_LSTM; each is the first of its gates (i f c o).
#pragma once

namespace edge {

enum Operand {
  INPUT = 0,
  INPUT_WEIGHTS = 1,
  RECURRENT_WEIGHTS = 5,
  PEEPHOLE = 9,  // i f o
  BIAS = 12,
  PROJECTION = 16,
  PROJECTION_BIAS = 17,
  OUTPUT_STATE = 18,
  CELL_STATE = 19,
  NORM = 20,
};

inline int peephole_of(int gate) { return gate == 2 ? -1 : PEEPHOLE + (gate == 3 ? 2 : gate); }

}  // namespace edge
