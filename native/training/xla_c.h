// The part of XLA's C interface for foreign functions that a handler needs, in our own words: its header comes
// with jaxlib alone, and we are built without. Names, order and numbers are XLA's (`xla/ffi/api/c_api.h`, version
// 0.x, which only ever adds at the ends of structures that tell their size).
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {

struct XlaExtension {
  size_t size;
  int type;  // 1: the caller wants to know what we are
  XlaExtension* next;
};
struct XlaVersion {
  size_t size;
  XlaExtension* extensions;
  int major, minor;
};
struct XlaMetadata {
  size_t size;
  XlaVersion version;
  uint32_t traits;
};
struct XlaMetadataExtension {
  XlaExtension base;
  XlaMetadata* metadata;
};

struct XlaError;
struct XlaErrorArguments {
  size_t size;
  XlaExtension* extensions;
  const char* message;
  int code;
};
struct XlaApi {
  size_t size;
  XlaExtension* extensions;
  XlaVersion version;
  void* internal;
  XlaError* (*create_error)(XlaErrorArguments*);
};

struct XlaBuffer {
  size_t size;
  XlaExtension* extensions;
  int type;
  void* data;
  int64_t rank;
  int64_t* dimensions;
};
struct XlaBuffers {
  size_t size;
  XlaExtension* extensions;
  int64_t count;
  int* types;
  XlaBuffer** all;
};
struct XlaText {
  const char* start;
  size_t length;
};
struct XlaArray {
  int type;
  size_t count;
  void* data;
};
struct XlaAttributes {
  size_t size;
  XlaExtension* extensions;
  int64_t count;
  int* types;
  XlaText** names;
  void** all;
};
struct XlaCall {
  size_t size;
  XlaExtension* extensions;
  const XlaApi* api;
  void* context;
  int stage;
  XlaBuffers arguments, results;
  XlaAttributes attributes;
};

enum { XLA_EXTENSION_METADATA = 1, XLA_ARRAY = 1, XLA_INT64 = 5 };
enum { XLA_INVALID_ARGUMENT = 3, XLA_RESOURCE_EXHAUSTED = 8 };

}  // extern "C"
