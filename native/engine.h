// What the delegate knows of a layer, and what a kernel is; the same for every instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace edge {

// The order of the gates here: input, forget, cell, output. A coupled layer has no input gate (null).
enum Gate { GATE_I, GATE_F, GATE_C, GATE_O };

struct Sizes {
  int inputs, cells, outputs;
  bool coupled, diagonal;  // i = 1 - f; recurrent weights [cells] instead of [cells, outputs]
};

// Float layers and those with 8-bit weights. A matrix is floats, or 8-bit numbers times a scale.
struct Matrix {
  const float* floats;
  const int8_t* bytes;
  float scale;
};
struct FloatLayer {
  Sizes sizes;
  Matrix input[4];      // [cells, inputs]
  Matrix recurrent[4];  // [cells, outputs], or [cells]
  Matrix projection;    // [outputs, cells], or nothing
  const float* bias[4];
  const float* peephole[4];  // none for the cell gate
  const float* norm[4];      // layer norm's coefficients; the bias is then added after it
  const float* projection_bias;
  float cell_clip, projection_clip;  // 0: none
};

// Full int8: every number of the reference's arithmetic.
struct Scale {
  int32_t multiplier;
  int32_t shift;
};
struct IntGate {
  const int8_t* input;
  const int8_t* recurrent;
  const int32_t* input_bias;      // with the zero point of the input worked in
  const int32_t* recurrent_bias;  // the same of the hidden state
  const int16_t* peephole;
  const int16_t* norm;
  const int32_t* norm_bias;
  Scale input_scale, recurrent_scale, peephole_scale, norm_scale;
  int32_t variance_guard;
};
struct IntLayer {
  Sizes sizes;
  IntGate gates[4];
  const int8_t* projection;
  const int32_t* projection_bias;
  Scale projection_scale, hidden_scale;
  int32_t hidden_zero, output_zero;  // of the vector that is projected; of the hidden state
  int32_t cell_shift;                // the scale of the cell is 2^cell_shift
  int32_t cell_clip, projection_clip;
};

// Packed weights and the loop over time. It changes nothing of itself: threads may share it, each with
// scratch memory of its own.
class Kernel {
 public:
  Kernel();  // both are in engine.cc: an inline one could be kept from the object of any instruction set
  virtual ~Kernel();
  virtual size_t scratch_bytes() const = 0;
  // One sequence: `inputs` [steps, inputs], `outputs` [steps, outputs], the states in place.
  virtual void run(const void* inputs, int steps, void* h, void* c, void* outputs, void* scratch) const = 0;
};

// Memory that begins at a cache line, for packed weights; never null: it throws std::bad_alloc.
void* allocate(size_t bytes);
void release(void* memory);

// The kernels of one instruction set.
struct KernelSet {
  const char* isa;
  Kernel* (*of_floats)(const FloatLayer&);
  Kernel* (*of_bytes)(const FloatLayer&);
  Kernel* (*of_integers)(const IntLayer&);
};

// The tables and the fixed-point arithmetic of full int8 (fixed_point.cc): entry 32768 + x for every int16 x.
const int16_t* sigmoid_table();
const int16_t* tanh_table(int integer_bits);  // 0 to 6
void inverse_root(int32_t variance, int32_t* multiplier, int* shift);

}  // namespace edge
