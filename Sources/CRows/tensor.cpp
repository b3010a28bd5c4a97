#include "scanner.hpp"

namespace od = simdjson::ondemand;

/// Reads rows, and values that stand alone as rows one after the other.
bool Pass::read_tensor(od::array &array) {
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
        if (tensor_count == 0 && !begin_row()) return false;
        if (is_faulty ? !check(element, 2) : !read_value(element, tensor_count, tensor_count)) return false;
        if (++tensor_count < width) continue;
        end_row();
        tensor_count = 0;
    }
    return true;
}

/// Ends the row that values standing alone began, if there is one.
void Pass::end_short_row() {
    if (tensor_count == 0) return;
    blame(MADE_ROW_WRONG_COUNT, 0, {}, tensor_count);
    end_row();
    tensor_count = 0;
}

/// Reads the values of one variable, each alone or in an array of its own.
bool Pass::read_column(od::array &array) {
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        if (!begin_row() || !read_lone_value(element)) return false;
        end_row();
    }
    return true;
}

bool Pass::read_lone_value(value &value) {
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    if (type != json_type::array) return read_value(value, request.column, 0);
    size_t count = 0;
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        if (count++ == 0 ? !read_value(element, request.column, 0) : !check(element, 3)) return false;
    }
    if (count != 1) {
        is_faulty = false;
        blame(MADE_ROW_WRONG_COUNT, 0, {}, count);
    }
    return true;
}
