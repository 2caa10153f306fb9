// Any bytes as a block to take apart: an answer that is JSON, or an error that says why not.
#include <string>

#include "input.hpp"
#include "models/json.hpp"
#include "models/questions.hpp"

using namespace fewbits;
using namespace fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const BlockFormat& format = input.format();
  const Bytes bytes = input.bytes();
  std::string question = R"({"format":")";
  question.append(format.name).append(R"(","length":)").append(std::to_string(bytes.size())).append(R"(,"bytes":[)");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) question += ',';
    question += std::to_string(bytes[i]);
  }
  const Text text = answer(Question::DescribeBlock, question.append("]}"));
  const auto read = json::read(text);
  const bool whole = bytes.size() == format.block_bytes;
  if (read.value["value"].empty() == read.value["error"].empty() || (!read.value["value"].empty() && !whole))
    fail(format, "answers", bytes.size());
  return 0;
}
