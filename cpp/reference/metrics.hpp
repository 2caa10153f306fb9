// Measures as their formulas: long double, in order, no partial sums. For tests.
#pragma once

#include <vector>

#include "fewbits/metrics.hpp"

namespace fewbits::reference {

Comparison compare(const std::vector<double>& original, const std::vector<double>& restored);
Summary summarize(const std::vector<double>& values);
std::vector<double> histogram(const std::vector<double>& values, const std::vector<double>& edges);

}  // namespace fewbits::reference
