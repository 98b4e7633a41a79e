// One layer over one batch of sequences, as the caller describes it: plain C, the same on both sides of ctypes.
#pragma once
#include <stdint.h>

#define TRAINING_INTERFACE 2  // to be raised with whatever changes here; problem.py of the layer has it too

namespace training {

// Gates with weights of their own, in the order in which their blocks stand in the matrices.
enum Learned { LEARNED_I = 1, LEARNED_F = 2, LEARNED_O = 4 };

// Every array is float and contiguous. Sequences are [batch, time, size]; null: there is none, or zeros, or not
// wanted.
struct Problem {
  int64_t batch, time, inputs, units, outputs;
  int64_t threads;  // at most so many
  int32_t isa;      // number in the list of those of this machine
  int32_t learned;  // of i, f, o; g always is
  int32_t coupled;  // i = 1 - f
  int32_t diagonal;
  int32_t reversed;  // reads x from its end
  int32_t hold_h_size, hold_c_size;
  float cell_clip, projection_clip;  // 0: none

  const float* x;
  const float* kernel;      // [inputs, gates * units]
  const float* recurrent;   // [outputs, gates * units], or [gates, units]
  const float* bias;        // [gates * units]
  const float* peephole;    // [learned gates, units]
  const float* projection;  // [units, outputs]
  const float* h0;          // [batch, outputs]
  const float* c0;          // [batch, units]
  const uint8_t* hold_h;    // [time, batch, 1 or outputs]: the step before stays
  const uint8_t* hold_c;    // [time, batch, 1 or units]
  const float* masks;       // [gates, batch, outputs]: dropout of h'

  // Forwards; backwards, what forwards left.
  float* out;    // h of every step
  float* h;      // the final one
  float* c;
  float* stash;  // what the way back needs, of stash_size() floats

  // Backwards: the gradient of what was shown, and of what was given.
  const float* d_out;
  const float* d_h;
  const float* d_c;
  float* d_x;
  float* d_kernel;
  float* d_recurrent;
  float* d_bias;
  float* d_peephole;
  float* d_projection;
  float* d_h0;
  float* d_c0;
};

}  // namespace training
