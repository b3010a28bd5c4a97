#include "table.hpp"

#include <algorithm>

/// Reads the first line as names, where it is that; false where it is a row.
bool CSVTable::take_header() {
    is_past_header = true;
    has_header = header == MADE_HEADER_PRESENT || (header == MADE_HEADER_GUESSED && is_header());
    if (lines.cutter.cell_count() > MADE_TABLE_COLUMNS_MAX) {
        fail(MADE_TABLE_TOO_MANY_COLUMNS, lines.number());
        return true;
    }
    read_names();
    if (!has_header) return false;
    header_line = lines.bytes();
    lines.end_header(names.size());
    return true;
}

/// Whether the line looks like one of names: years may be names, measurements are not.
bool CSVTable::is_header() {
    LineCutter &cutter = lines.cutter;
    size_t count = std::min(cutter.cell_count(), LineCutter::cells_max), number_count = 0;
    for (size_t cell = 0; cell < count; cell++) {
        std::string_view text = cutter.text(cell);
        Decimal decimal;
        if (!read_number(text, {}, decimal)) continue;
        if (text.find('.') != std::string_view::npos) return false;
        number_count++;
    }
    return number_count < count;
}

void CSVTable::read_names() {
    LineCutter &cutter = lines.cutter;
    for (size_t cell = 0; cell < cutter.cell_count(); cell++) {
        std::string scratch;
        names.emplace_back(has_header ? normalised(cutter.text(cell), scratch) : "column_" + std::to_string(cell + 1));
    }
    number_repeats(names);
}

void CSVTable::name_columns(bool has_row_names) {
    if (names.size() + has_row_names > MADE_TABLE_COLUMNS_MAX) return fail(MADE_TABLE_TOO_MANY_COLUMNS, lines.number());
    if (has_row_names) add_column("");
    for (const std::string &name : names) add_column(name);
}
