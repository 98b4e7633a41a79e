// A node in full int8 as numbers: the effective scales and biases that the reference kernel prepares.
#pragma once
#include "constants.h"

namespace edge {

void read_integers(Constants& of, TfLiteContext* context, const TfLiteNode* node, float cell_clip,
                   float projection_clip, Description& d);

}  // namespace edge
