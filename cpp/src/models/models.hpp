// The same reading from a part of a larger text.
#pragma once

#include "fewbits/models.hpp"
#include "models/json.hpp"
#include "models/problems.hpp"

namespace fewbits {

// The value that a text is; `what` names it in complaints.
json::Value read_json(const char* what, std::string_view text, Checker& checker);

// A sum of products of sizes, by their letters, and numbers: up to its end or a comma, where `formula` then stands.
double evaluate(const Model& model, const char*& formula);

void read_model(json::Value config, Model& model, Checker& checker);
void reckon_memory(const Model& model, const MemoryOptions& options, ModelMemory& memory, Checker& checker);

}  // namespace fewbits
