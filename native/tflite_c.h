// The part of TensorFlow Lite's C interface that a delegate needs, in our own words: the runtime's own header
// is in no package that a device has. Names and order are the runtime's (`tflite/core/c/common.h`, and the
// params of `builtin_op_data.h`); layout.cc checks them against the runtime that loads us.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteType : int {
  kTfLiteNoType = 0,
  kTfLiteFloat32 = 1,
  kTfLiteInt32 = 2,
  kTfLiteInt16 = 7,
  kTfLiteInt8 = 9,
  kTfLiteFloat16 = 10,
};
enum TfLiteAllocationType : int { kTfLiteMmapRo = 1, kTfLiteLastAllocationType = 8 };
enum { kTfLiteActTanh = 4, kTfLiteAffineQuantization = 1, kTfLiteDelegateFlagsAllowDynamicTensors = 1 };
enum {
  kTfLiteBuiltinDequantize = 6,
  kTfLiteBuiltinUnidirectionalSequenceLstm = 44,
  kTfLiteBuiltinDelegate = 51
};

struct TfLiteIntArray {
  int size;
  int data[];
};
struct TfLiteFloatArray {
  int size;
  float data[];
};
struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
};
struct TfLiteQuantization {
  int type;
  void* params;
};
struct TfLiteAffineQuantization {
  TfLiteFloatArray* scale;
  TfLiteIntArray* zero_point;
  int32_t quantized_dimension;
};

struct TfLiteDelegate;
struct TfLiteTensor {
  TfLiteType type;
  void* data;
  TfLiteIntArray* dims;
  TfLiteQuantizationParams params;
  TfLiteAllocationType allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  TfLiteDelegate* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  TfLiteQuantization quantization;
  void* sparsity;
  const TfLiteIntArray* dims_signature;
};

struct TfLiteNode {
  TfLiteIntArray* inputs;
  TfLiteIntArray* outputs;
  TfLiteIntArray* intermediates;
  TfLiteIntArray* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_initial_data;
  int custom_initial_data_size;
  TfLiteDelegate* delegate;
  bool might_have_side_effect;
};

struct TfLiteUnidirectionalSequenceLSTMParams {
  int activation;
  float cell_clip;
  float proj_clip;
  bool time_major;
  bool asymmetric_quantize_inputs;
  bool diagonal_recurrent_tensors;
};

struct TfLiteContext;
// What every version of the registration begins with; what later ones added we leave zero.
struct TfLiteRegistration {
  void* (*init)(TfLiteContext*, const char* buffer, size_t length);
  void (*free)(TfLiteContext*, void* user_data);
  TfLiteStatus (*prepare)(TfLiteContext*, TfLiteNode*);
  TfLiteStatus (*invoke)(TfLiteContext*, TfLiteNode*);
  const char* (*profiling_string)(const TfLiteContext*, const TfLiteNode*);
  int32_t builtin_code;
  const char* custom_name;
  int version;
};
struct TfLiteRegistration_V2 : TfLiteRegistration {
  void* registration_external;
};
struct TfLiteRegistration_V3 : TfLiteRegistration_V2 {
  void* async_kernel;
};
struct TfLiteRegistration_V4 : TfLiteRegistration_V3 {
  uint64_t inplace_operator;
};
// What a later version may add is zero here.
struct TfLiteRegistration_Later : TfLiteRegistration_V4 {
  uint64_t more[8];
};

struct TfLiteContext {
  size_t tensors_size;
  TfLiteStatus (*GetExecutionPlan)(TfLiteContext*, TfLiteIntArray** plan);
  TfLiteTensor* tensors;
  void* impl_;
  TfLiteStatus (*ResizeTensor)(TfLiteContext*, TfLiteTensor*, TfLiteIntArray* size);
  void (*ReportError)(TfLiteContext*, const char* message, ...);
  TfLiteStatus (*AddTensors)(TfLiteContext*, int count, int* first);
  TfLiteStatus (*GetNodeAndRegistration)(TfLiteContext*, int node, TfLiteNode**, TfLiteRegistration**);
  void* ReplaceNodeSubsetsWithDelegateKernels;
  // ... and more that we do not use
};

struct TfLiteDelegateParams {
  TfLiteDelegate* delegate;
  TfLiteIntArray* nodes_to_replace;
  TfLiteIntArray* input_tensors;
  TfLiteIntArray* output_tensors;
};

struct TfLiteDelegate {
  void* data_;
  TfLiteStatus (*Prepare)(TfLiteContext*, TfLiteDelegate*);
  void* CopyFromBufferHandle;
  void* CopyToBufferHandle;
  void* FreeBufferHandle;
  int64_t flags;
  void* opaque_delegate_builder;
};

}  // extern "C"

// The function takes the registration by value, so its size has to be the runtime's (delegate.cc).
template <class Registration>
using ReplaceNodes = TfLiteStatus (*)(TfLiteContext*, Registration, const TfLiteIntArray* nodes,
                                      TfLiteDelegate*);
