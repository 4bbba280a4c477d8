// Text of floating-point numbers, as DuckDB writes it: the shortest digits that read back equal, found by Dragonbox as
// {fmt} has it. Two DOUBLE columns were half the cost of a CSV: DuckDB's own cast takes about 150 ns a value,
// std::to_chars, which gives a FLOAT from 2^24 on all digits of its exact value, 40 to 57, and this one 20 to 35. For a
// FLOAT in two hundred DuckDB itself writes more digits than it needs.
#pragma once

#include <cstddef>

namespace eider {

// Enough for any number.
inline constexpr std::size_t kRealTextBytes = 32;

// Writes at most kRealTextBytes and answers how many: "1.5", "1.0", "-0.0", "1e+16", "1e-05", "inf", "nan".
std::size_t WriteReal(double value, char* out);
std::size_t WriteReal(float value, char* out);

}  // namespace eider
