// A converted LSTM on a microcontroller, one time step (or one whole sequence) a call: real numbers in and out.
//
// For files of `python -m edge convert --target microcontroller`, whatever their numbers (float32, int8, int16):
//   state "explicit" and lowering "step"   the states are kept here, in `memory`, and fed back
//   state "carry"                          the runtime keeps them
//   state "reset"                          none: every call is a sequence of its own

#ifndef EDGE_MICRO_LSTM_STREAM_H_
#define EDGE_MICRO_LSTM_STREAM_H_

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/micro_interpreter.h"

class LstmStream {
 public:
  // `interpreter`: of the file. `states`: how many it takes and gives (..._STATES of its header).
  // `memory`: for the states, `size` bytes, at least what StateBytes() says.
  LstmStream(tflite::MicroInterpreter& interpreter, int states, uint8_t* memory, size_t size)
      : interpreter_(interpreter), states_(states), memory_(memory), size_(size) {}

  // Allocate, and start from a zero state. Null, or what is wrong in words.
  const char* Begin() {
    if (interpreter_.AllocateTensors() != kTfLiteOk) return "the arena is too small, or an operator is missing";
    inputs_ = static_cast<int>(interpreter_.inputs_size()) - states_;
    outputs_ = static_cast<int>(interpreter_.outputs_size()) - states_;
    if (inputs_ != 1 || outputs_ < 1) return "one data input and an output are needed: check the number of states";
    for (int n = 0; n < states_; n++) {
      if (State(n)->bytes != interpreter_.output(outputs_ + n)->bytes) return "a state comes out in another type";
    }
    if (StateBytes() > size_) return "the memory for the states is too small";
    if (!IsKnown(interpreter_.input(0)) || !IsKnown(interpreter_.output(0))) return "numbers of an unknown type";
    return Reset() ? nullptr : "the state cannot be reset";
  }

  // Bytes of all states together; known after Begin().
  size_t StateBytes() const {
    size_t bytes = 0;
    for (int n = 0; n < states_; n++) bytes += State(n)->bytes;
    return bytes;
  }

  // Start anew: a state is zero, which for integers is their zero point.
  bool Reset() {
    uint8_t* place = memory_;
    for (int n = 0; n < states_; n++) {
      const TfLiteTensor* state = State(n);
      for (int i = 0; i < Count(state); i++) Put(state, place, i, 0.0f);
      place += state->bytes;
    }
    return interpreter_.Reset() == kTfLiteOk;
  }

  // One call: `x` has as many numbers as the input. False if the runtime fails.
  bool Step(const float* x) {
    // Every input is written before every call: the arena may use its place for something else in between.
    TfLiteTensor* input = interpreter_.input(0);
    for (int i = 0; i < Count(input); i++) Put(input, input->data.data, i, x[i]);
    const uint8_t* from = memory_;
    for (int n = 0; n < states_; n++) {
      memcpy(State(n)->data.data, from, State(n)->bytes);
      from += State(n)->bytes;
    }
    if (interpreter_.Invoke() != kTfLiteOk) return false;
    uint8_t* to = memory_;
    for (int n = 0; n < states_; n++) {
      const TfLiteTensor* given = interpreter_.output(outputs_ + n);
      memcpy(to, given->data.data, given->bytes);
      to += given->bytes;
    }
    return true;
  }

  // Of the last call: number `i` of output `n`, and how many it has.
  float Output(int i, int n = 0) const {
    const TfLiteTensor* output = interpreter_.output(n);
    return Get(output, i);
  }
  int OutputCount(int n = 0) const { return Count(interpreter_.output(n)); }
  int InputCount() const { return Count(interpreter_.input(0)); }

 private:
  TfLiteTensor* State(int n) const { return interpreter_.input(inputs_ + n); }

  static bool IsKnown(const TfLiteTensor* t) {
    return t->type == kTfLiteFloat32 || t->type == kTfLiteInt8 || t->type == kTfLiteInt16;
  }

  static int Width(const TfLiteTensor* t) {
    return t->type == kTfLiteFloat32 ? 4 : t->type == kTfLiteInt16 ? 2 : 1;
  }

  static int Count(const TfLiteTensor* t) { return static_cast<int>(t->bytes) / Width(t); }

  // Write a real number at place `i` as the tensor holds it: rounded, and clipped to its type.
  static void Put(const TfLiteTensor* t, void* place, int i, float value) {
    if (t->type == kTfLiteFloat32) {
      memcpy(static_cast<uint8_t*>(place) + 4 * i, &value, 4);
      return;
    }
    const float low = t->type == kTfLiteInt8 ? -128.0f : -32768.0f;
    const float high = t->type == kTfLiteInt8 ? 127.0f : 32767.0f;
    float steps = rintf(value / t->params.scale) + static_cast<float>(t->params.zero_point);
    steps = steps < low ? low : steps > high ? high : steps;
    if (t->type == kTfLiteInt8) {
      static_cast<int8_t*>(place)[i] = static_cast<int8_t>(steps);
    } else {
      static_cast<int16_t*>(place)[i] = static_cast<int16_t>(steps);
    }
  }

  static float Get(const TfLiteTensor* t, int i) {
    if (t->type == kTfLiteFloat32) return t->data.f[i];
    const int steps = t->type == kTfLiteInt8 ? t->data.int8[i] : t->data.i16[i];
    return t->params.scale * static_cast<float>(steps - t->params.zero_point);
  }

  tflite::MicroInterpreter& interpreter_;
  const int states_;
  uint8_t* const memory_;
  const size_t size_;
  int inputs_ = 1;
  int outputs_ = 1;
};

#endif  // EDGE_MICRO_LSTM_STREAM_H_
