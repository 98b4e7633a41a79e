"""A stand-in for the public API of TensorFlow Lite Micro, for a program that includes `model.h`.

It computes, whatever the file: every state becomes half of itself plus the mean of x; output number i is the sum of
the states plus i. It keeps one state of its own for a file without. As in the real arena, the inputs may be
overwritten while the graph runs: here the outputs lie in the same place.
"""

# ruff: noqa: E501

COMMON = """
#pragma once
#include <stddef.h>
#include <stdint.h>
enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteType { kTfLiteFloat32 = 1, kTfLiteInt16 = 7, kTfLiteInt8 = 9 };
struct TfLiteQuantizationParams { float scale; int32_t zero_point; };
union TfLitePtrUnion { float* f; int8_t* int8; int16_t* i16; void* data; };
struct TfLiteTensor { TfLiteType type; TfLitePtrUnion data; TfLiteQuantizationParams params; size_t bytes; };
"""
SCHEMA = """
#pragma once
namespace tflite { struct Model { const void* data; }; inline const Model* GetModel(const void* data) { static Model m{data}; return &m; } }
"""
RESOLVER = """
#pragma once
#include "tensorflow/lite/c/common.h"
namespace tflite {
template <unsigned N> class MicroMutableOpResolver {
 public:
  unsigned used = 0;
OPERATORS
  TfLiteStatus Count() { return ++used <= N ? kTfLiteOk : kTfLiteError; }
};
}
"""
INTERPRETER = """
#pragma once
#include <math.h>
#include <string.h>
#include "model.h"
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/schema/schema_generated.h"
namespace tflite {
class MicroInterpreter {
 public:
  template <class R> MicroInterpreter(const Model* model, const R& resolver, uint8_t* arena, size_t size)
      : good_(model->data == model_data && resolver.used == MODEL_OPERATORS), arena_(arena), size_(size) {}
  TfLiteStatus AllocateTensors() {
    if (!good_) return kTfLiteError;
    const int sizes[] = {MODEL_INPUT_0_SIZE, STATE_SIZES}, outs[] = {MODEL_OUTPUT_0_SIZE, STATE_SIZES};
    for (int side = 0; side < 2; side++) {
      size_t place = 0;
      for (int n = 0; n < 1 + MODEL_STATES; n++) {
        const size_t bytes = (side ? outs : sizes)[n] * sizeof(NUMBER);
        if (place + bytes > size_) return kTfLiteError;
        tensors_[side][n] = {TYPE, {}, {n ? 0.0625f : side ? 0.25f : 0.5f, n ? 4 : side ? -6 : 2}, bytes};
        tensors_[side][n].data.data = arena_ + place;
        place += bytes;
      }
    }
    return kTfLiteOk;
  }
  size_t inputs_size() const { return 1 + MODEL_STATES; }
  size_t outputs_size() const { return 1 + MODEL_STATES; }
  TfLiteTensor* input(size_t n) { return &tensors_[0][n]; }
  TfLiteTensor* output(size_t n) { return &tensors_[1][n]; }
  TfLiteStatus Reset() { own_ = 0; return kTfLiteOk; }
  TfLiteStatus Invoke() {
    float mean = 0, sum = 0, next[256];
    for (int i = 0; i < MODEL_INPUT_0_SIZE; i++) mean += Get(input(0), i) / MODEL_INPUT_0_SIZE;
    int count = 0;
    for (int n = 1; n <= MODEL_STATES; n++)
      for (size_t i = 0; i < input(n)->bytes / sizeof(NUMBER); i++) sum += next[count++] = Get(input(n), i) / 2 + mean;
    if (!MODEL_STATES) sum = own_ = own_ / 2 + mean;
    memset(arena_, 0x55, size_);
    for (int i = 0; i < MODEL_OUTPUT_0_SIZE; i++) Put(output(0), i, sum + i);
    count = 0;
    for (int n = 1; n <= MODEL_STATES; n++)
      for (size_t i = 0; i < output(n)->bytes / sizeof(NUMBER); i++) Put(output(n), i, next[count++]);
    return kTfLiteOk;
  }
 private:
  static float Get(TfLiteTensor* t, int i) {
    NUMBER v; memcpy(&v, static_cast<uint8_t*>(t->data.data) + i * sizeof v, sizeof v);
    return IS_REAL ? static_cast<float>(v) : (static_cast<float>(v) - t->params.zero_point) * t->params.scale;
  }
  static void Put(TfLiteTensor* t, int i, float x) {
    const NUMBER v = static_cast<NUMBER>(IS_REAL ? x : rintf(x / t->params.scale) + t->params.zero_point);
    memcpy(static_cast<uint8_t*>(t->data.data) + i * sizeof v, &v, sizeof v);
  }
  bool good_; uint8_t* arena_; size_t size_; float own_ = 99; TfLiteTensor tensors_[2][1 + MODEL_STATES];
};
}
"""
