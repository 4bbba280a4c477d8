// A Table as text for people: columns that fit a terminal, cells that cannot move its cursor.
#pragma once

#include <cstddef>
#include <string>

#include "engine/database.h"

namespace eider {

// The first `rows` rows. Wide columns are cut so that no line is wider than `width` character cells, and where that
// leaves too little of them, columns in the middle are left out; the last line says of what there is more. A `width`
// of 0 bounds no line, only cells.
std::string DrawTable(const Table& table, std::size_t rows, std::size_t width);

// What one line of standard output holds: as the terminal says, else $COLUMNS; 0 where there is no terminal.
std::size_t TerminalWidth();

}  // namespace eider
