#include "stream.hpp"

#include "number.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

static std::optional<made_row_fault> read_number(made_column_kind kind, std::string_view text, float &value) {
    auto number = decimal_number(text);
    if (kind == MADE_COLUMN_BINARY) {
        if (number != 0.0 && number != 1.0) return MADE_ROW_NOT_BINARY;
    } else if (!number) {
        return MADE_ROW_WRONG_TYPE;
    } else if (!std::isfinite(float(*number))) {
        return MADE_ROW_OUT_OF_RANGE;
    }
    value = float(*number);
    return {};
}

/// The value of a cell, NaN where it is missing, or what is wrong with it.
static std::optional<made_row_fault> read_csv_cell(
    const made_row_schema &schema, size_t column, std::string_view text, bool is_quoted, float &value
) {
    made_column_kind kind = made_column_kind(schema.kinds[column]);
    if (text.size() == 1 && (text[0] | 1) == '1' && kind != MADE_COLUMN_CATEGORICAL) {
        value = float(text[0] - '0');
        return {};
    }
    const auto &labels = schema.columns[column];
    if (text.empty() && !(is_quoted && labels.label_indices.contains(text))) {
        value = std::numeric_limits<float>::quiet_NaN();
        return {};
    }
    if (kind != MADE_COLUMN_CATEGORICAL) return read_number(kind, text, value);
    size_t label = labels.find_label(text);
    if (label == MADE_NO_LABEL) return MADE_ROW_UNKNOWN_LABEL;
    value = float(label);
    return {};
}

bool made_row_schema_read_cell(
    const made_row_schema *schema, size_t column, made_text text, bool is_quoted, float *value, made_row_error *error
) {
    auto fault = read_csv_cell(*schema, column, {text.bytes, text.count}, is_quoted, *value);
    if (fault) *error = {*fault, true, 0, column, 0, text};
    return !fault;
}

void CSVStream::read_rows(
    const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix
) {
    result.header = header;
    while (result.row_count < rows_max) {
        made_cell_end ending = cutter.next(at, end, is_last);
        if (ending == MADE_CELL_UNFINISHED) return;
        if (!has_places) decide_header(ending);
        if (!has_places) {
            read_header_cell(ending);
            if (result.status != MADE_STREAM_OK || ending == MADE_CELL_LAST) return;
            continue;
        }
        bool is_blank = cell_count == 0 && cutter.cell.empty() && !cutter.is_quoted && !is_skipping;
        if (ending == MADE_CELL_LAST && is_blank) return;
        if (object(ending)) {
            if (ending != MADE_CELL_QUOTE_UNCLOSED) continue;
        } else if (is_skipping) {
            is_skipping = false;
        } else if (ending == MADE_CELL_LINE && is_blank) {
            blame_once(MADE_ROW_MALFORMED, 0, 0, "the line is empty");
        } else {
            read_cell();
        }
        if (ending != MADE_CELL_COMMA) end_row(matrix);
        if (ending == MADE_CELL_LAST || ending == MADE_CELL_QUOTE_UNCLOSED) return;
    }
}

/// Without a header the columns of a line are those of the schema.
void CSVStream::decide_header(made_cell_end end) {
    if (header == MADE_HEADER_GUESSED) {
        bool is_name = end <= MADE_CELL_LAST && schema.find(cutter.cell) != made_row_schema::none;
        result.header = header = is_name ? MADE_HEADER_PRESENT : MADE_HEADER_ABSENT;
    }
    if (header == MADE_HEADER_PRESENT) return;
    places.resize(schema.columns.size());
    std::iota(places.begin(), places.end(), size_t(0));
    row.resize(places.size());
    has_places = true;
}

void CSVStream::read_header_cell(made_cell_end end) {
    if (end > MADE_CELL_LAST) return stop(MADE_STREAM_HEADER_MALFORMED);
    std::string_view name = cutter.cell;
    if (end == MADE_CELL_LAST && places.empty() && name.empty()) return stop(MADE_STREAM_HEADER_MISSING);
    if (first_invalid_utf8(name) != name.size()) return stop(MADE_STREAM_HEADER_MALFORMED);
    size_t place = schema.find(name);
    if (place == made_row_schema::none) return stop(MADE_STREAM_HEADER_UNKNOWN, name);
    if (std::find(places.begin(), places.end(), place) != places.end()) return stop(MADE_STREAM_HEADER_REPEATED, name);
    places.push_back(place);
    if (end == MADE_CELL_COMMA) return;
    for (size_t column = 0; column < schema.columns.size(); column++) {
        if (std::find(places.begin(), places.end(), column) == places.end()) {
            return stop(MADE_STREAM_HEADER_INCOMPLETE, schema.columns[column].name);
        }
    }
    has_places = true;
    row.resize(places.size());
}

/// Notes a cell that is none; the rest of its line goes by.
bool CSVStream::object(made_cell_end end) {
    switch (end) {
    case MADE_CELL_TOO_LONG:
        blame_once(MADE_ROW_MALFORMED, 0, 0, "a cell of more than 65536 bytes; is a quote left open?");
        break;
    case MADE_CELL_QUOTE_NOT_AT_END:
        blame_once(MADE_ROW_MALFORMED, 0, 0, "a comma or the line's end must follow a closing quote");
        break;
    case MADE_CELL_QUOTE_UNCLOSED:
        blame_once(MADE_ROW_MALFORMED, 0, 0, "the body ends within quotes");
        return true;
    default: return false;
    }
    cutter.skip_line();
    is_skipping = true;
    return true;
}

void CSVStream::read_cell() {
    size_t cell = cell_count++;
    if (cell >= places.size() || is_faulty) return;
    size_t column = places[cell];
    auto fault = read_csv_cell(schema, column, cutter.cell, cutter.is_quoted, row[column]);
    if (fault) return blame_once(*fault, column, 0, cutter.cell);
    if (std::isnan(row[column])) has_missing = true;
}

void CSVStream::blame_once(made_row_fault fault, size_t column, size_t found, std::string_view text) {
    if (!is_faulty) blame(fault, column, found, text);
    is_faulty = true;
}

void CSVStream::end_row(made_float_buffer &matrix) {
    if (cell_count != places.size()) blame_once(MADE_ROW_WRONG_COUNT, 0, cell_count, {});
    if (!is_faulty) {
        append_row(row, matrix);
        result.missing_row_count += has_missing;
    }
    result.row_count++;
    cell_count = 0;
    is_faulty = has_missing = false;
}
