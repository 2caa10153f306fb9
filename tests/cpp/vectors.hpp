// Reads the references' outputs below tests/vectors.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

// A whole file as little-endian numbers. A file that is missing or cut off is an error, never an empty test.
template <class T>
std::vector<T> read_vector(const std::string& name) {
  const std::string path = std::string(FEWBITS_VECTORS) + "/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty() || bytes.size() % sizeof(T) != 0) throw std::runtime_error(path + " is empty or cut off");
  std::vector<T> numbers(bytes.size() / sizeof(T));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}
