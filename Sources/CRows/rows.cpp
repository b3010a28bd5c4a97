#include "scanner.hpp"

#include "kept.hpp"

namespace od = simdjson::ondemand;

bool Pass::read_rows(value &value) {
    scanner.last_rows.assign(width, SIZE_MAX);
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    if (request.form == MADE_ROWS_SINGLE) return type == json_type::null ? check(value, 1) : read_row(value);
    if (type != json_type::array) {
        refuse(MADE_SCAN_ROWS_NOT_ARRAY, {});
        return check(value, 1);
    }
    last_member = Member::rows;
    return read_elements(value);
}

/// Reads the rows in an array, or in a part of it.
bool Pass::read_elements(value &value) {
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    if (request.form == MADE_ROWS_TENSOR) return read_tensor(array);
    if (request.form == MADE_ROWS_COLUMN) return read_column(array);
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        if (!read_row(element)) return false;
    }
    return true;
}

bool Pass::read_row(value &value) {
    if (!begin_row()) return false;
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    is_object = type == json_type::object;
    if (type == json_type::array) {
        if (!read_array_row(value)) return false;
    } else if (is_object) {
        if (!read_object_row(value)) return false;
    } else {
        blame(MADE_ROW_NOT_A_ROW, 0, token_text(value));
        if (!check(value, 1)) return false;
    }
    end_row();
    return true;
}

/// Makes room for a row's values, at the end of the buffer.
bool Pass::begin_row() {
    is_faulty = is_special = is_object = false;
    if (scanner.kept) scanner.kept->begin_row();
    return reserve_row();
}

/// Keeps the row that is read, or its fault.
void Pass::end_row() {
    if (is_faulty) scanner.errors.push_back(fault);
    else store_row();
    scan.row_count++;
}

/// Makes the row a part of the buffer.
void Pass::store_row() {
    if (expands) {
        float *values = buffer.values + buffer.count;
        double *stored = request.options.keeps_numbers ? buffer.numbers + buffer.count : nullptr;
        is_special = request.schema->expand(row, numbers, request.options, values, stored) || is_special;
    }
    buffer.count += stored_width;
    scan.special_row_count += is_special;
}

/// Makes room for one more row, within the request's limits.
bool Pass::reserve_row() {
    if (scan.row_count == request.rows_max || buffer.count - first_value + stored_width > request.values_max) {
        return stop(MADE_SCAN_TOO_MANY_ROWS);
    }
    if (buffer.count > accounted_count && !account()) return false;
    reserve(buffer, stored_width, request.options.keeps_numbers);
    if (expands) {
        row = scanner.row_values.data();
        numbers = scanner.row_numbers.data();
        return true;
    }
    row = buffer.values + buffer.count;
    numbers = request.options.keeps_numbers ? buffer.numbers + buffer.count : nullptr;
    return true;
}

/// Whether the row has a value for every column of the table, not for the variables alone.
bool Pass::find_width(od::array &array, bool &has_table_width) {
    const made_row_schema &schema = *request.schema;
    has_table_width = false;
    if (!schema.has_places() || request.form == MADE_ROWS_TENSOR || scan.row_count == malformed_row) return true;
    size_t count = 0;
    if (auto error = array.count_elements().get(count)) {
        // Who counts runs to the end of all. What is wrong, and where, is found by reading the row.
        malformed_row = scan.row_count;
        reads_again = true;
        return fail(error);
    }
    has_table_width = schema.has_table_width(count);
    return true;
}

bool Pass::read_array_row(value &value) {
    const made_row_schema &schema = *request.schema;
    const uint8_t *reads_bits = schema.reads_bits.data();
    bool has_table_width = false;
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    if (!find_width(array, has_table_width)) return false;
    const size_t count = has_table_width ? schema.places.size() : schema.columns.size();
    if (has_table_width && !schema.places_are_whole) fill_missing();
    size_t at = 0;
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        size_t place = at++;
        if (place >= count) {
            if (!check(element, 3)) return false;
            continue;
        }
        size_t column = has_table_width ? schema.places[place] : place;
        size_t keep = kept == nullptr ? KeptCells::none
                      : has_table_width ? kept->of_place(place)
                                        : kept->of_variable(place);
        bool is_bit = column < schema.columns.size() && reads_bits[column] && keep == KeptCells::none && !is_faulty
                      && read_bit(element.raw_json_token().data(), column);
        if (!is_bit && !read_item(element, column, keep)) return false;
    }
    if (at != count) blame(MADE_ROW_WRONG_COUNT, 0, {}, at);
    return true;
}

/// Whether `key`, as it stands in the body, is the plain `name`.
static bool is_key(const od::raw_json_string &key, std::string_view name) {
    const char *text = key.raw();
    // A quote of `name` would stand behind a backslash in the key, so that the comparison ends at the key's own.
    for (char byte : name) {
        if (*text++ != byte) return false;
    }
    return *text == '"';
}

/// Reads a field of an object that is a row; `next` is the column that it is likely to be for.
inline bool Pass::read_field(od::field &field, size_t &next, size_t &given) {
    const auto &columns = request.schema->columns;
    const od::raw_json_string key = field.key();
    size_t column = next, keep = KeptCells::none;
    std::string_view name;
    if (next < columns.size() && columns[next].is_plain && is_key(key, columns[next].name)) {
        name = columns[next].name;
        if (kept != nullptr) keep = kept->of_variable(column);
    } else {
        if (auto error = field.unescaped_key().get(name)) return fail(error);
        if (kept != nullptr) keep = kept->find(name);
        column = find_column(name, keep != KeptCells::none);
    }
    if (learns) learn(key, name, column);
    if (column < columns.size()) {
        if (scanner.last_rows[column] == scan.row_count) blame(MADE_ROW_DUPLICATE_VARIABLE, column, {});
        scanner.last_rows[column] = scan.row_count;
        next = column + 1;
        given++;
    }
    return read_item(field.value(), column, keep);
}

bool Pass::read_object_row(value &value) {
    size_t next = 0, given = 0;
    od::object object;
    if (auto error = value.get_object().get(object)) return fail(error);
    for (auto item : object) {
        od::field field;
        if (auto error = std::move(item).get(field)) return fail(error);
        if (!read_field(field, next, given)) return false;
    }
    if (given < width) {
        scanner.fields.clear();
        fill_missing_fields();
    }
    return true;
}

/// Notes a field that is read, for lines that have the same ones.
void Pass::learn(od::raw_json_string key, std::string_view name, size_t column) {
    learns = is_key(key, name);
    if (!learns) return scanner.fields.clear();
    const bool is_number = column < width && request.schema->columns[column].reads_plain_numbers;
    scanner.fields.push_back({std::string("\"").append(name).append("\":"), column, is_number});
}

/// The column of a key; one that is not known is a fault unless it is passed over.
size_t Pass::find_column(std::string_view name, bool is_kept) {
    size_t column = request.schema->find(name);
    if (column == made_row_schema::none && !request.options.ignores_unknown && !is_kept) {
        blame(MADE_ROW_UNKNOWN_VARIABLE, 0, name);
    }
    return column;
}

/// Makes all values of the row missing ones.
void Pass::fill_missing() {
    is_special = true;
    for (size_t column = 0; column < width; column++) fill_missing(column);
}

/// Makes the values missing that the row, an object, has no field for.
void Pass::fill_missing_fields() {
    is_special = true;
    for (size_t column = 0; column < width; column++) {
        if (scanner.last_rows[column] != scan.row_count) fill_missing(column);
    }
}

void Pass::fill_missing(size_t column) {
    double unused;
    request.schema->columns[column].set_missing(
        row[column], numbers == nullptr ? unused : numbers[column], request.options);
}

/// Keeps the row's first fault.
void Pass::blame(made_row_fault kind, size_t column, std::string_view text, size_t found) {
    if (is_faulty) return;
    is_faulty = true;
    fault = {kind, is_object, scan.row_count, column, found, as_text(lasting(text))};
}
