// The boundary's questions about models: JSON in, JSON out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fewbits {

// What it is asked with, as a JSON object.
enum class Question : std::uint8_t {
  ModelParameters,  // { config }
  ModelMemory,      // { config, options }
  WeightBytes,      // { parameters, format } or { parameters, bits }
  KvCacheBytes,     // { options }
};
inline constexpr int kQuestions = 4;

// { "value": ... } or { "error": { "code", "message", "details" } }
std::string answer(Question question, std::string_view text);

}  // namespace fewbits
