// Writes the names of all formats as TypeScript, where they are types: fewbits_tables > web/lib/formats.generated.ts
#include <cstdio>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

namespace {

void print_names(const char* list, const char* type, const auto& formats) {
  std::printf("export const %s = [\n", list);
  for (const auto& format : formats) std::printf("  '%s',\n", format.name.data());
  std::printf("] as const;\nexport type %s = (typeof %s)[number];\n", type, list);
}

}  // namespace

int main() {
  std::puts(
      "// Written by cpp/tables/tables.cpp from the tables in cpp/include/fewbits. Change those, then run the program "
      "again.\n");
  print_names("numberFormatNames", "NumberFormatName", fewbits::kNumberFormats);
  std::puts("");
  print_names("blockFormatNames", "BlockFormatName", fewbits::kBlockFormats);
}
