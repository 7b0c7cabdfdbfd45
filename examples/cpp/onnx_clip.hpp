// In operator set 11 the bounds of Clip moved from attributes to inputs. OpenCV before 4.7, which Debian 12 has,
// looks for them among the attributes only.
#pragma once

#include <string>

// The same ONNX model, its Clip nodes with constant bounds as attributes.
std::string with_clip_attributes(const std::string& model);
