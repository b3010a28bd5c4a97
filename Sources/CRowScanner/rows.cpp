#include "scanner.hpp"

#include "number.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

namespace od = simdjson::ondemand;

static constexpr float missing = std::numeric_limits<float>::quiet_NaN();

bool Pass::read_rows(value &value) {
    scanner.last_rows.assign(request.schema->columns.size(), SIZE_MAX);
    if (request.is_single_row) return read_row(value);
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    if (type != json_type::array) {
        refuse(MADE_SCAN_ROWS_NOT_ARRAY, {});
        return check(value, 1);
    }
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    if (request.is_tensor) return read_tensor(array);
    for (auto item : array) {
        od::value row;
        if (auto error = std::move(item).get(row)) return fail(error);
        if (!read_row(row)) return false;
    }
    return true;
}

/// Reads rows, and values that stand alone as rows one after the other.
bool Pass::read_tensor(od::array &array) {
    size_t column_count = request.schema->columns.size();
    size_t column = 0;
    auto end_short_row = [&] {
        if (column == 0) return;
        if (!is_faulty) {
            blame(MADE_ROW_WRONG_COUNT, 0, {});
            fault.found = column;
        }
        end_row();
        column = 0;
    };
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        json_type type;
        if (auto error = element.type().get(type)) return fail(error);
        if (type == json_type::array) {
            end_short_row();
            if (!read_row(element)) return false;
            continue;
        }
        if (column == 0 && !begin_row()) return false;
        if (is_faulty ? !check(element, 2) : !read_value(element, column, matrix.values[matrix.count + column])) {
            return false;
        }
        if (++column < column_count) continue;
        end_row();
        column = 0;
    }
    end_short_row();
    return true;
}

bool Pass::read_row(value &value) {
    if (!begin_row()) return false;
    float *row = matrix.values + matrix.count;
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    is_object = type == json_type::object;
    if (type == json_type::array) {
        if (!read_array_row(value, row)) return false;
    } else if (is_object) {
        if (!read_object_row(value, row)) return false;
    } else {
        blame(MADE_ROW_NOT_A_ROW, 0, token_text(value));
        if (!check(value, 1)) return false;
    }
    end_row();
    return true;
}

/// Makes room for a row's values, at the end of the matrix.
bool Pass::begin_row() {
    is_faulty = has_missing = is_object = false;
    return reserve_row();
}

/// Keeps the row that is read, or its fault.
void Pass::end_row() {
    if (is_faulty) {
        scanner.errors.push_back(fault);
    } else {
        matrix.count += request.schema->columns.size();
        scan.missing_row_count += has_missing;
    }
    scan.row_count++;
}

/// Makes room for one more row, within the request's limits.
bool Pass::reserve_row() {
    size_t column_count = request.schema->columns.size();
    if (scan.row_count == request.rows_max || matrix.count - first_value + column_count > request.values_max) {
        return stop(MADE_SCAN_TOO_MANY_ROWS);
    }
    if (matrix.count + column_count <= matrix.capacity) return true;
    size_t capacity = std::max({matrix.count + column_count, matrix.capacity * 2, size_t(1024)});
    auto values = static_cast<float *>(std::realloc(matrix.values, capacity * sizeof(float)));
    if (values == nullptr) throw std::bad_alloc();
    matrix.values = values;
    matrix.capacity = capacity;
    return true;
}

bool Pass::read_array_row(value &value, float *row) {
    const size_t column_count = request.schema->kinds.size();
    const uint8_t *kinds = request.schema->kinds.data();
    size_t column = 0;
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        if (column < column_count && !is_faulty) {
            const char *text = element.raw_json_token().data();
            // A lone 0 or 1, by far the most frequent value; the iterator skips what is not asked for.
            if (kinds[column] == MADE_COLUMN_BINARY && (text[0] | 1) == '1' && (text[1] == ',' || text[1] == ']')) {
                row[column] = float(text[0] - '0');
            } else if (!read_value(element, column, row[column])) {
                return false;
            }
        } else if (!check(element, 3)) {
            return false;
        }
        column++;
    }
    if (column != column_count && !is_faulty) {
        blame(MADE_ROW_WRONG_COUNT, 0, {});
        fault.found = column;
    }
    return true;
}

/// Whether `key`, as it stands in the body, is the plain `name`.
static bool is_key(const od::raw_json_string &key, const std::string &name) {
    const char *text = key.raw();
    // `name` holds no quote, so that the comparison ends at the key's own.
    for (char byte : name) {
        if (*text++ != byte) return false;
    }
    return *text == '"';
}

bool Pass::read_object_row(value &value, float *row) {
    const auto &columns = request.schema->columns;
    std::fill(row, row + columns.size(), missing);
    size_t next = 0, given = 0;
    od::object object;
    if (auto error = value.get_object().get(object)) return fail(error);
    for (auto item : object) {
        od::field field;
        if (auto error = std::move(item).get(field)) return fail(error);
        size_t column = next;
        if (next >= columns.size() || !columns[next].is_plain || !is_key(field.key(), columns[next].name)) {
            std::string_view name;
            if (auto error = field.unescaped_key().get(name)) return fail(error);
            column = request.schema->find(name);
            if (column == made_row_schema::none) blame(MADE_ROW_UNKNOWN_VARIABLE, 0, name);
        }
        if (column != made_row_schema::none) {
            if (scanner.last_rows[column] == scan.row_count) blame(MADE_ROW_DUPLICATE_VARIABLE, column, {});
            scanner.last_rows[column] = scan.row_count;
            next = column + 1;
            given++;
        }
        if (is_faulty ? !check(field.value(), 3) : !read_value(field.value(), column, row[column])) return false;
    }
    if (given < columns.size()) has_missing = true;
    return true;
}

bool Pass::read_value(value &value, size_t column, float &number) {
    made_column_kind kind = made_column_kind(request.schema->kinds[column]);
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    switch (type) {
    case json_type::number: return read_number(value, column, number);
    case json_type::boolean:
        if (kind == MADE_COLUMN_BINARY || (kind == MADE_COLUMN_CATEGORICAL && !request.is_tensor)) {
            return read_truth(value, column, number);
        }
        break;
    case json_type::string:
        if (kind == MADE_COLUMN_CATEGORICAL && !request.is_tensor) {
            std::string_view text;
            if (auto error = value.get_string().get(text)) return fail(error);
            set_label(request.schema->columns[column].find_label(text), text, column, number);
            return true;
        }
        break;
    case json_type::null:
        number = missing;
        has_missing = true;
        return check(value, 3);
    case json_type::array:
    case json_type::object:
        break;
    }
    blame(MADE_ROW_WRONG_TYPE, column, token_text(value));
    return check(value, 3);
}

bool Pass::read_number(value &value, size_t column, float &number) {
    std::string_view text = token_text(value);
    const auto &labels = request.schema->columns[column];
    const bool is_label = labels.kind == MADE_COLUMN_CATEGORICAL && !request.is_tensor;
    double exact = 0;
    if (value.get_double().get(exact)) {
        if (!is_json_number(text)) return fail(simdjson::NUMBER_ERROR);
        if (!is_label) {
            blame(MADE_ROW_OUT_OF_RANGE, column, text);
            return true;
        }
    }
    if (is_label) {
        set_label(labels.find_label(text), text, column, number);
        return true;
    }
    number = float(exact);
    switch (labels.kind) {
    case MADE_COLUMN_BINARY:
        if (exact != 0 && exact != 1) blame(MADE_ROW_NOT_BINARY, column, text);
        break;
    case MADE_COLUMN_CATEGORICAL: {
        bool is_index = exact >= 0 && exact < double(labels.labels.size()) && exact == std::floor(exact);
        if (!is_index) blame(MADE_ROW_UNKNOWN_LABEL, column, text);
        break;
    }
    case MADE_COLUMN_REAL:
        if (!std::isfinite(number)) blame(MADE_ROW_OUT_OF_RANGE, column, text);
        break;
    }
    return true;
}

bool Pass::read_truth(value &value, size_t column, float &number) {
    std::string_view text = token_text(value);
    bool truth = false;
    if (value.get_bool().get(truth)) return fail(simdjson::T_ATOM_ERROR);
    if (request.schema->kinds[column] == MADE_COLUMN_BINARY) {
        number = truth ? 1 : 0;
    } else {
        set_label(request.schema->columns[column].find_truth(truth), text, column, number);
    }
    return true;
}

/// Notes the label that was found for `text`.
void Pass::set_label(size_t label, std::string_view text, size_t column, float &number) {
    if (label == MADE_NO_LABEL) return blame(MADE_ROW_UNKNOWN_LABEL, column, text);
    number = float(label);
}

/// Keeps the row's first fault.
void Pass::blame(made_row_fault kind, size_t column, std::string_view text) {
    if (is_faulty) return;
    is_faulty = true;
    fault = {kind, is_object, scan.row_count, column, 0, view(text)};
}
