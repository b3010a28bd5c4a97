#include "table.hpp"

#include "stream.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <numeric>

static float boxed(uint32_t text) { return std::bit_cast<float>(uint32_t(MADE_TEXT_BITS) + text); }

/// Reads a cell that is not empty.
made_table_status TableColumn::read(std::string_view cell, size_t line, float &value) {
    bool reads_numbers = place.use != MADE_CELL_TEXT;
    bool keeps_numbers = place.use == MADE_CELL_ANY && number_text_count < MADE_NUMBER_TEXTS_MAX;
    Decimal decimal;
    // A column of numbers that are not kept as texts has few texts, if any: its cells are looked up last.
    if (reads_numbers && !keeps_numbers && decimal.read(cell, place.use == MADE_CELL_NUMBER)) {
        numbers.count++;
        note(decimal);
        value = float(decimal.value);
        return MADE_TABLE_OK;
    }
    auto entry = indices.find(cell);
    if (entry != indices.end()) {
        texts[entry->second].count++;
        value = boxed(entry->second);
        return MADE_TABLE_OK;
    }
    bool is_number = decimal.read(cell, place.use != MADE_CELL_ANY);
    if (is_number) note(decimal);
    return add_text(cell, line, is_number, decimal, value);
}

made_table_status TableColumn::add_text(
    std::string_view cell, size_t line, bool is_number, const Decimal &decimal, float &value
) {
    if (cell.size() > MADE_TEXT_BYTES_MAX) return MADE_TABLE_TEXT_TOO_LONG;
    if (first_invalid_utf8(cell) != cell.size()) return MADE_TABLE_NOT_UTF8;
    if (texts.size() == MADE_TEXTS_MAX) return MADE_TABLE_TOO_MANY_TEXTS;
    auto index = uint32_t(texts.size());
    const Text &text = texts.emplace_back(Text{std::string(cell), line, 1, is_number, decimal.value});
    indices.emplace(text.text, index);
    number_text_count += is_number;
    value = boxed(index);
    return MADE_TABLE_OK;
}

void TableColumn::note(const Decimal &decimal) {
    numbers.minimum = std::min(numbers.minimum, decimal.value);
    numbers.maximum = std::max(numbers.maximum, decimal.value);
    numbers.rounding = std::max(numbers.rounding, std::abs(decimal.value - double(float(decimal.value))));
    if (!numbers.is_decimal) return;
    int decimals = std::max(0, -decimal.exponent);
    numbers.is_decimal = decimal.is_exact && decimal.exponent <= Decimal::digits_max && decimals <= Decimal::digits_max;
    for (; numbers.is_decimal && numbers.decimals < decimals; numbers.decimals++) {
        numbers.is_decimal = !__builtin_mul_overflow(numbers.divisor, int64_t(10), &numbers.divisor);
    }
    // Multiples of 1 all numbers are.
    if (!numbers.is_decimal || numbers.divisor == 1) return;
    int64_t units = decimal.mantissa;
    for (int place = -decimal.exponent; numbers.is_decimal && place < numbers.decimals; place++) {
        numbers.is_decimal = !__builtin_mul_overflow(units, int64_t(10), &units);
    }
    if (numbers.divisor == 0 || units % numbers.divisor != 0) numbers.divisor = std::gcd(numbers.divisor, units);
}

made_table_scanner::made_table_scanner(made_cell_cutter &cutter, const made_table_column *given, size_t count)
    : columns(given, given + count), cutter(cutter) {
    size_t width = 0;
    for (const TableColumn &column : columns) width += column.place.use != MADE_CELL_SKIPPED;
    row.resize(width);
}

made_table_read made_table_scanner::read(
    const char *bytes, size_t count, bool is_last, size_t rows_max, made_float_buffer &matrix
) {
    result = {};
    const char *at = bytes;
    try {
        read_rows(at, bytes + count, is_last, rows_max, matrix);
    } catch (const std::bad_alloc &) {
        fail(MADE_TABLE_OUT_OF_MEMORY, cutter.line);
    }
    result.byte_count = size_t(at - bytes);
    return result;
}

void made_table_scanner::read_rows(
    const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix
) {
    while (result.row_count < rows_max && !result.is_over) {
        made_cell_end ending = cutter.next(at, end, is_last);
        switch (ending) {
        case MADE_CELL_UNFINISHED: return;
        case MADE_CELL_TOO_LONG: return fail(MADE_TABLE_CELL_TOO_LONG, cutter.line);
        case MADE_CELL_QUOTE_NOT_AT_END: return fail(MADE_TABLE_QUOTE_NOT_AT_END, cutter.line);
        case MADE_CELL_QUOTE_UNCLOSED: return fail(MADE_TABLE_QUOTE_UNCLOSED, cutter.line);
        case MADE_CELL_COMMA:
        case MADE_CELL_LINE:
        case MADE_CELL_LAST: break;
        }
        result.is_over = ending == MADE_CELL_LAST;
        if (cell_count == 0 && ending != MADE_CELL_COMMA && cutter.cell.empty() && !cutter.is_quoted) {
            if (blank_line == 0) blank_line = cutter.line;
            continue;
        }
        if (blank_line != 0) return fail(MADE_TABLE_CELL_COUNT, blank_line);
        if (cell_count < columns.size() && columns[cell_count].place.use != MADE_CELL_SKIPPED) {
            TableColumn &column = columns[cell_count];
            float &value = row[column.place.target];
            made_table_status status = MADE_TABLE_OK;
            if (cutter.cell.empty()) {
                value = std::bit_cast<float>(uint32_t(MADE_MISSING_BITS));
            } else {
                status = column.read(cutter.cell, cutter.line, value);
            }
            if (status != MADE_TABLE_OK) return fail(status, cutter.line);
        }
        cell_count++;
        if (ending == MADE_CELL_COMMA) continue;
        if (cell_count != columns.size()) return fail(MADE_TABLE_CELL_COUNT, cutter.line);
        append_row(row, matrix);
        result.row_count++;
        cell_count = 0;
    }
}

/// In the cell after the last one that was read.
void made_table_scanner::fail(made_table_status status, size_t line) {
    result.status = status;
    result.line = line;
    result.column = cell_count < columns.size() ? cell_count : SIZE_MAX;
    result.found = cell_count;
    result.is_over = true;
}

made_table_scanner *made_table_scanner_create(
    made_cell_cutter *cutter, const made_table_column *columns, size_t count
) {
    try {
        return new made_table_scanner(*cutter, columns, count);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void made_table_scanner_free(made_table_scanner *scanner) {
    delete scanner;
}

made_table_read made_table_scanner_read(
    made_table_scanner *scanner, const char *bytes, size_t count, bool is_last, size_t rows_max,
    made_float_buffer *matrix
) {
    return scanner->read(bytes, count, is_last, rows_max, *matrix);
}

size_t made_table_scanner_text_count(const made_table_scanner *scanner, size_t column) {
    return scanner->columns[column].texts.size();
}

made_table_text made_table_scanner_text(const made_table_scanner *scanner, size_t column, size_t text) {
    const TableColumn::Text &entry = scanner->columns[column].texts[text];
    return {{entry.text.data(), entry.text.size()}, entry.line, entry.count, entry.is_number, entry.value};
}

made_table_numbers made_table_scanner_numbers(const made_table_scanner *scanner, size_t column) {
    return scanner->columns[column].numbers;
}
