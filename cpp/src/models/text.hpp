// What is cut out of text.
#pragma once

#include <string_view>

#include "fewbits/text.hpp"

namespace fewbits {

// The first `characters` of UTF-8 text.
std::string_view first_characters(std::string_view text, int characters);

}  // namespace fewbits
