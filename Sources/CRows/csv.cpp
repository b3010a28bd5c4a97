#include "stream.hpp"

#include "utf8.hpp"

#include <algorithm>

/// What is to be said of a line that is cut no further.
static std::string_view reason_of(LineEnd end) {
    switch (end) {
    case LineEnd::cell_too_long: return "a cell of more than 1048576 bytes; is a quote left open?";
    case LineEnd::quote_not_at_end: return "a separator or the line's end must follow a closing quote";
    case LineEnd::quote_unclosed: return "the body ends within quotes";
    default: return "a line of more than 2097152 bytes; is a quote left open?";
    }
}

void CSVStream::read_rows(
    const char *&at, const char *end, bool is_last, size_t rows_max, made_row_buffer &buffer
) {
    result.header = header;
    while (result.row_count < rows_max && result.status == MADE_STREAM_OK) {
        LineEnd ending = lines.next(at, end, is_last);
        if (ending == LineEnd::unfinished || ending == LineEnd::over) return;
        if (!is_past_header && take_header(ending)) continue;
        read_line(ending, buffer);
    }
}

void CSVStream::read_line(LineEnd end, made_row_buffer &buffer) {
    if (end == LineEnd::whole && is_comment()) return;
    if (!kept.is_empty()) kept.begin_row();
    if (end == LineEnd::whole && has_names) place_row_names();
    if (end != LineEnd::whole) {
        blame(reason_of(end));
    } else if (std::string_view bytes = lines.bytes(); first_invalid_utf8(bytes) != bytes.size()) {
        blame("the line is not UTF-8");
    } else if ((places.empty() && !find_places()) || !lines.cutter.fits(places.size())) {
        made_row_error error{};
        error.fault = MADE_ROW_WRONG_COUNT;
        error.found = lines.cutter.cell_count();
        blame(error);
        keep_cells();
    } else {
        read_cells(buffer);
    }
    result.row_count++;
}

/// A line that begins with # where a row has more than the one cell.
bool CSVStream::is_comment() {
    if (!lines.cutter.is_comment()) return false;
    return places.empty() ? schema.columns.size() > 1 : places.size() > 1;
}

void CSVStream::read_cells(made_row_buffer &buffer) {
    bool expands = schema.expands(), is_special = lacks_columns;
    size_t width = schema.variable_count();
    reserve(buffer, width, options.keeps_numbers);
    float *row = buffer.values + buffer.count;
    double *numbers = options.keeps_numbers ? buffer.numbers + buffer.count : nullptr;
    if (expands) {
        row_values.resize(schema.columns.size());
        row_numbers.resize(schema.columns.size());
        if (!read_cells(row_values.data(), row_numbers.data(), is_special)) return;
        is_special = schema.expand(row_values.data(), row_numbers.data(), options, row, numbers) || is_special;
    } else if (!read_cells(row, numbers, is_special)) {
        return;
    }
    buffer.count += width;
    result.special_row_count += is_special;
}

/// Reads the line's cells, `numbers` where it is not null; false where one is faulty.
bool CSVStream::read_cells(float *row, double *numbers, bool &is_special) {
    LineCutter &cutter = lines.cutter;
    size_t width = schema.columns.size();
    double unused = 0;
    bool is_faulty = false;
    if (lacks_columns) {
        for (size_t column = 0; column < width; column++) {
            schema.columns[column].set_missing(row[column], numbers == nullptr ? unused : numbers[column], options);
        }
    }
    for (size_t cell = 0; cell < places.size(); cell++) {
        auto [column, keep] = places[cell];
        bool is_read = column < width && !is_faulty;
        if (!is_read && keep == KeptCells::none) continue;
        std::string_view text = cutter.text(cell);
        if (keep != KeptCells::none) kept.set(keep, text, false);
        if (!is_read) continue;
        const Column &rules = schema.columns[column];
        double &number = numbers == nullptr ? unused : numbers[column];
        if (rules.reads_bits && text.size() == 1 && (text[0] | 1) == '1') {
            row[column] = float(text[0] - '0');
            number = row[column];
            continue;
        }
        auto form = cutter.is_quoted(cell) ? MADE_VALUE_STRING : MADE_VALUE_CELL;
        made_row_fault fault = rules.read(text, form, options, row[column], number);
        if (fault != MADE_ROW_GOOD) {
            blame({fault, false, 0, column, 0, as_text(text)});
            is_faulty = true;
        } else if (rules.is_special(row[column])) {
            is_special = true;
        }
    }
    return !is_faulty;
}

/// Keeps the cells of a line that has too few or too many.
void CSVStream::keep_cells() {
    if (kept.is_empty()) return;
    size_t count = std::min({places.size(), lines.cutter.cell_count(), LineCutter::cells_max});
    for (size_t cell = 0; cell < count; cell++) {
        if (places[cell].kept != KeptCells::none) kept.set(places[cell].kept, lines.cutter.text(cell), false);
    }
}
