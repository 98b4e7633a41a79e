// What the library exports and calls itself.
#pragma once
#include "problem.h"

#define TRAINING_EXPORT extern "C" __attribute__((visibility("default")))

// Null, or a sentence.
TRAINING_EXPORT const char* training_forward(const training::Problem* problem);
TRAINING_EXPORT const char* training_backward(const training::Problem* problem);
