#include "table.hpp"

#include <algorithm>
#include <new>

made_table_read made_table_scanner::read(
    const char *bytes, size_t count, bool is_last, size_t rows_max, double *&values, size_t &value_count
) {
    if (result.status != MADE_TABLE_OK) {
        result.byte_count = count;
        result.row_count = value_count = 0;
        return result;
    }
    result = {};
    const char *at = bytes;
    try {
        read_rows(at, bytes + count, is_last, rows_max);
    } catch (const std::bad_alloc &) {
        fail(MADE_TABLE_OUT_OF_MEMORY, 0);
    }
    result.byte_count = size_t(at - bytes);
    values = rows.get();
    value_count = result.row_count * columns.size();
    return result;
}

double *made_table_scanner::add_row() {
    size_t width = columns.size(), count = result.row_count * width;
    if (count + width > capacity) {
        size_t grown = std::max({count + width, capacity * 2, size_t(1024)});
        auto larger = std::make_unique_for_overwrite<double[]>(grown);
        std::copy(rows.get(), rows.get() + count, larger.get());
        rows = std::move(larger);
        capacity = grown;
    }
    result.row_count++;
    return rows.get() + count;
}

void made_table_scanner::add_column(std::string_view name) {
    auto use = uses.find(name);
    columns.emplace_back(name, use == uses.end() ? TableUse() : use->second);
}

void made_table_scanner::note_malformed(size_t line, size_t found) {
    malformed_count++;
    if (malformed.size() < MADE_MALFORMED_LINES_MAX) malformed.push_back({line, found});
}

void made_table_scanner::fail(made_table_status status, size_t line) {
    result.status = status;
    result.line = line;
    result.is_over = true;
}

void CSVTable::read_rows(const char *&at, const char *end, bool is_last, size_t rows_max) {
    while (result.row_count < rows_max && !result.is_over) {
        LineEnd ending = lines.next(at, end, is_last);
        if (ending == LineEnd::unfinished) return;
        if (ending == LineEnd::over) {
            result.is_over = true;
            if (columns.empty()) name_columns(false);
            return;
        }
        if (take(ending)) read_row();
    }
}

/// Whether the line is one to read as a row.
bool CSVTable::take(LineEnd end) {
    switch (end) {
    case LineEnd::cell_too_long:
    case LineEnd::line_too_long: fail(MADE_TABLE_CELL_TOO_LONG, lines.cell_number()); return false;
    case LineEnd::quote_unclosed: fail(MADE_TABLE_QUOTE_UNCLOSED, lines.cell_number()); return false;
    case LineEnd::quote_not_at_end:
        // Were it passed over, a row would be taken for the header.
        if (is_past_header) note_malformed(lines.number(), 0);
        else fail(MADE_TABLE_HEADER_MALFORMED, lines.number());
        return false;
    default: break;
    }
    if (is_comment()) return false;
    if (!is_past_header && take_header()) return false;
    if (columns.empty()) {
        // Row names have no name themselves.
        name_columns(lines.named_row_count > 1);
    }
    return !result.is_over;
}

/// A line that begins with # where a row has more than the one cell.
bool CSVTable::is_comment() {
    if (!lines.cutter.is_comment()) return false;
    return columns.size() > 1 || names.size() > 1;
}

void CSVTable::read_row() {
    LineCutter &cutter = lines.cutter;
    if (!cutter.fits(columns.size())) return note_malformed(lines.number(), cutter.cell_count());
    double *value = add_row();
    size_t cell = 0;
    for (TableColumn &column : columns) {
        std::string_view text = column.use.use == MADE_CELL_SKIPPED ? std::string_view() : cutter.text(cell);
        *value++ = text.empty() ? TableColumn::missing() : column.read(text, lines.number(), false);
        cell++;
    }
}
