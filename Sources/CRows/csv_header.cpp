#include "stream.hpp"

#include "utf8.hpp"

/// Reads the first line as a header, where it is one; false where it is a row.
bool CSVStream::take_header(LineEnd end) {
    if (header == MADE_HEADER_GUESSED) guess_header(end);
    is_past_header = true;
    result.header = header;
    if (header != MADE_HEADER_PRESENT) return false;
    if (end != LineEnd::whole || lines.cutter.cell_count() > LineCutter::cells_max) {
        stop(MADE_STREAM_HEADER_MALFORMED);
    } else {
        read_header();
    }
    return true;
}

void CSVStream::guess_header(LineEnd end) {
    header = MADE_HEADER_ABSENT;
    if (end != LineEnd::whole) return;
    size_t count = std::min(lines.cutter.cell_count(), LineCutter::cells_max);
    for (size_t cell = 0; cell < count; cell++) {
        std::string_view text = lines.cutter.text(cell);
        if (trimmed(text).empty()) continue;
        if (schema.find(text) == made_row_schema::none && kept.find(text) == KeptCells::none) continue;
        header = MADE_HEADER_PRESENT;
        return;
    }
}

void CSVStream::read_header() {
    LineCutter &cutter = lines.cutter;
    std::vector<std::string> names, distinct_names;
    for (size_t cell = 0; cell < cutter.cell_count(); cell++) {
        std::string_view name = cutter.text(cell);
        if (first_invalid_utf8(name) != name.size()) return stop(MADE_STREAM_HEADER_MALFORMED);
        std::string scratch;
        names.emplace_back(name);
        distinct_names.emplace_back(normalised(name, scratch));
    }
    number_repeats(distinct_names);
    std::vector<bool> is_given(schema.columns.size()), is_kept(kept.count());
    for (size_t cell = 0; cell < names.size(); cell++) {
        // A table whose header repeats a name was learned by the numbered ones.
        std::string_view name = distinct_names[cell];
        if (schema.find(name) == made_row_schema::none && kept.find(name) == KeptCells::none) name = names[cell];
        size_t keep = kept.find(name), column = schema.find(name);
        // Of several columns of a name the first one is kept.
        if (keep != KeptCells::none && is_kept[keep]) keep = KeptCells::none;
        else if (keep != KeptCells::none) is_kept[keep] = true;
        if (column == made_row_schema::none && !options.ignores_unknown && kept.find(name) == KeptCells::none) {
            return stop(MADE_STREAM_HEADER_UNKNOWN, name);
        }
        places.push_back({column, keep});
        if (column >= schema.columns.size()) continue;
        if (is_given[column]) return stop(MADE_STREAM_HEADER_REPEATED, name);
        is_given[column] = true;
    }
    if (auto unknown = kept.find_unknown(is_kept)) return stop(MADE_STREAM_KEPT_UNKNOWN, *unknown);
    has_names = true;
    lines.end_header(places.size());
    for (size_t column = 0; column < schema.columns.size(); column++) {
        if (!is_given[column]) return stop(MADE_STREAM_HEADER_INCOMPLETE, schema.columns[column].name);
    }
}

/// Takes the first cells of rows for names where rows have one cell more than the header, as R writes them: to the table's
/// reader it is a column without a name. Of a single row the table tells whether it is that, or a cell too many.
void CSVStream::place_row_names() {
    has_names = false;
    size_t row_count = lines.named_row_count;
    if (row_count < (schema.names_rows() ? 1 : 2)) return;
    places.insert(places.begin(), {made_row_schema::passed_over, kept.find("")});
}

/// Finds out what the cells of lines without a header are for; false where there are too few or too many of them.
bool CSVStream::find_places() {
    size_t cell_count = lines.cutter.cell_count(), width = schema.columns.size();
    bool has_table_width = schema.has_table_width(cell_count);
    if (!has_table_width && cell_count != width) {
        has_table_width = schema.has_places() && lines.cutter.fits(schema.places.size());
        if (!has_table_width && !lines.cutter.fits(width)) return false;
    }
    if (has_table_width) width = schema.places.size();
    std::vector<bool> has_column(kept.count());
    for (size_t cell = 0; cell < width; cell++) {
        size_t keep = KeptCells::none;
        if (!kept.is_empty()) keep = has_table_width ? kept.of_place(cell) : kept.of_variable(cell);
        places.push_back({has_table_width ? schema.places[cell] : cell, keep});
        if (keep != KeptCells::none) has_column[keep] = true;
    }
    if (auto unknown = kept.find_unknown(has_column)) stop(MADE_STREAM_KEPT_UNKNOWN, *unknown);
    lacks_columns = has_table_width && !schema.places_are_whole;
    return true;
}
