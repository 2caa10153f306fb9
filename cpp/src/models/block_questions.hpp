// The questions about formats and blocks.
#pragma once

#include "models/json.hpp"
#include "models/problems.hpp"

namespace fewbits {

void plan_quantize(json::Value asked, json::Writer& writer, Checker& checker);
void plan_dequantize(json::Value asked, json::Writer& writer, Checker& checker);
void describe_block(json::Value asked, json::Writer& writer, Checker& checker);
void list_formats(json::Value asked, json::Writer& writer, Checker& checker);

}  // namespace fewbits
