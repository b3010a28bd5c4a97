#include "table.hpp"

#include <bit>
#include <new>

namespace od = simdjson::ondemand;

void JSONTable::read_rows(const char *&at, const char *end, bool is_last, size_t rows_max) {
    while (result.row_count < rows_max && !result.is_over) {
        switch (lines.next(at, end, is_last)) {
        case JSONLines::Next::unfinished: return;
        case JSONLines::Next::over: result.is_over = true; return;
        case JSONLines::Next::too_long: note_malformed(lines.number, 0); break;
        case JSONLines::Next::whole:
            if (!read_line()) return;
            break;
        }
    }
}

/// Reads the line as a row; false where it has to wait for the next read.
bool JSONTable::read_line() {
    constexpr std::string_view byte_order_mark = "\uFEFF";
    std::string_view line = lines.line;
    if (lines.number == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
    size_t found = 0;
    items.clear();
    parse_count++;
    bool is_row = parse(line, found);
    if (has_too_many_columns()) {
        fail(MADE_TABLE_TOO_MANY_COLUMNS, lines.number);
        return true;
    }
    bool waits = is_row && !new_names.empty() && result.row_count > 0;
    if (!is_row) note_malformed(lines.number, found);
    if (!is_row || waits) forget_new_names();
    if (waits) lines.unread();
    else if (is_row) read_items();
    return !waits;
}

bool JSONTable::parse(std::string_view line, size_t &found) {
    JSONReader reader(parser, line.data(), line.size());
    JSONReader::json_type type;
    bool is_row = reader.open(type);
    if (is_row && type == JSONReader::json_type::object) {
        is_row = parse_object(reader);
    } else if (is_row && type == JSONReader::json_type::array) {
        is_row = parse_array(reader, found);
    } else {
        is_row = false;
    }
    if (reader.status == MADE_SCAN_OUT_OF_MEMORY) throw std::bad_alloc();
    return is_row && reader.location() == JSONReader::nowhere;
}

bool JSONTable::parse_object(JSONReader &reader) {
    size_t next = 0;
    od::object object;
    if (auto error = reader.document.get_object().get(object)) return reader.fail(error);
    for (auto item : object) {
        od::field field;
        std::string_view name;
        if (auto error = std::move(item).get(field)) return reader.fail(error);
        if (auto error = field.unescaped_key().get(name)) return reader.fail(error);
        size_t column = find_column(name, next);
        if (last_lines[column] == parse_count) return false;
        last_lines[column] = parse_count;
        next = column + 1;
        if (!add_item(reader, field.value(), column)) return false;
    }
    return true;
}

/// Reads an array as all columns in their order; the first row's may have any number.
bool JSONTable::parse_array(JSONReader &reader, size_t &found) {
    size_t count = 0, width = columns.size();
    od::array array;
    if (auto error = reader.document.get_array().get(array)) return reader.fail(error);
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return reader.fail(error);
        size_t column = count++;
        if (width == 0) column = find_column("column_" + std::to_string(count), column);
        bool is_surplus = width > 0 && column >= width;
        if (is_surplus ? !reader.check(element, 2) : !add_item(reader, element, column)) return false;
    }
    found = count;
    return count > 0 && (width == 0 || count == width);
}

/// The column of a key, which is likely to be `next`; a new one where it is new.
size_t JSONTable::find_column(std::string_view key, size_t next) {
    if (next < columns.size() && columns[next].name == key) return next;
    std::string scratch;
    std::string_view name = normalised(key, scratch);
    auto [entry, is_new] = indices.emplace(name, columns.size() + new_names.size());
    if (is_new) {
        new_names.emplace_back(name);
        last_lines.resize(entry->second + 1);
        last_lines[entry->second] = 0;
    }
    return entry->second;
}

bool JSONTable::has_too_many_columns() const {
    return columns.size() + new_names.size() > MADE_TABLE_COLUMNS_MAX;
}

bool JSONTable::add_item(JSONReader &reader, JSONReader::value value, size_t column) {
    if (has_too_many_columns()) return false;
    items.push_back({column, {}});
    return reader.take(value, 2, items.back().token);
}

void JSONTable::forget_new_names() {
    for (const std::string &name : new_names) indices.erase(name);
    new_names.clear();
}

void JSONTable::read_items() {
    for (const std::string &name : new_names) add_column(name);
    new_names.clear();
    double *row = add_row();
    std::fill(row, row + columns.size(), TableColumn::missing());
    std::string scratch;
    for (const Item &item : items) {
        TableColumn &column = columns[item.column];
        if (item.token.kind == JSONToken::Kind::null || item.token.text.empty()) continue;
        if (column.use.use == MADE_CELL_SKIPPED) continue;
        bool is_number = item.token.kind == JSONToken::Kind::scalar && item.token.form == MADE_VALUE_NUMBER;
        bool is_container = item.token.kind == JSONToken::Kind::container;
        std::string_view text = is_container ? compact_json(item.token.text, scratch) : item.token.text;
        row[item.column] = column.read(text, lines.number, is_number);
    }
}
