#include "fewbits/memory.hpp"

#include "catch.hpp"

using namespace fewbits;

TEST_CASE("memory: blocks are counted whole") {
  const BlockFormat& q4_0 = *find_block_format("q4_0");
  CHECK(storage_bytes(q4_0, 0) == 0);
  CHECK(storage_bytes(q4_0, 1) == 18);
  CHECK(storage_bytes(q4_0, 32) == 18);
  CHECK(storage_bytes(q4_0, 33) == 36);
  CHECK(storage_bytes(*find_block_format("q4_k"), 70e9) == 39375000000.0);  // 4.5 bits each
}

TEST_CASE("memory: bits are counted in whole bytes") {
  CHECK(storage_bytes(1, 0) == 0);
  CHECK(storage_bytes(1, 9) == 2);
  CHECK(storage_bytes(16, 7e9) == 14e9);
  CHECK(storage_bytes(4.5, 10) == 6);
  CHECK(storage_bytes(*find_block_format("ternary_absmean"), 5) == 2);
  CHECK(storage_bytes(*find_block_format("binary_absmean"), 9) == 2);
}

TEST_CASE("memory: exact to the last byte of what a double counts") {
  constexpr double kMany = 9007199254740992.0;  // 2^53
  CHECK(storage_bytes(*find_block_format("q8_0"), kMany - 31) == kMany / 32 * 34);
  CHECK(storage_bytes(8, kMany - 1) == kMany - 1);
}
