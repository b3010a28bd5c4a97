#include "schema.hpp"

#include <algorithm>
#include <cmath>

/// A word for 0 or 1, or neither.
static int word_value(std::string_view text) {
    constexpr std::string_view words[2][4] = {{"false", "f", "no", "n"}, {"true", "t", "yes", "y"}};
    auto equals = [&](std::string_view word) {
        return std::equal(word.begin(), word.end(), text.begin(), text.end(), [](char one, char other) {
            return one == (other >= 'A' && other <= 'Z' ? char(other | 0x20) : other);
        });
    };
    for (int value = 0; value < 2; value++) {
        if (std::any_of(std::begin(words[value]), std::end(words[value]), equals)) return value;
    }
    return -1;
}

static made_row_fault set(double exact, float &value, double &number) {
    value = float(exact);
    number = exact;
    return MADE_ROW_GOOD;
}

void Column::set_missing(float &value, double &number, const made_row_options &options) const {
    number = std::numeric_limits<double>::quiet_NaN();
    value = std::numeric_limits<float>::quiet_NaN();
    if (options.missing_is_unknown) return;
    if (has_missing) value = MADE_OUTCOME;
    else if (has_unseen) value = kind == MADE_COLUMN_REAL ? MADE_UNSEEN_MISSING : MADE_UNSEEN;
}

/// Makes the value of a number that is an atom.
void Column::set_atom(double number, float &value) const {
    auto atom = std::lower_bound(atoms.begin(), atoms.end(), number);
    if (atom != atoms.end() && *atom == number) value = float(atom - atoms.begin() + 2) * MADE_OUTCOME;
}

made_row_fault Column::read(
    std::string_view text, made_value_form value_form, const made_row_options &options, float &value, double &number
) const {
    if (reads_plain_numbers && value_form != MADE_VALUE_BOOLEAN) {
        Decimal decimal;
        if (decimal.read(text) && std::isfinite(decimal.value)) return set_number(decimal.value, value, number);
    }
    bool is_text = value_form == MADE_VALUE_CELL || value_form == MADE_VALUE_STRING;
    // Texts are mostly written as they are compared.
    auto label = text.empty() ? indices.end() : indices.find(text);
    if (label != indices.end()) return set(double(label->second), value, number);
    std::string scratch;
    if (is_text) text = normalised(text, scratch);
    if (text.empty() && (value_form == MADE_VALUE_CELL || !indices.contains(text))) {
        set_missing(value, number, options);
        return MADE_ROW_GOOD;
    }
    size_t index = find_label(text, value_form);
    if (index != MADE_NO_LABEL) return set(double(index), value, number);
    if (is_missing(text, value_form)) {
        set_missing(value, number, options);
        return MADE_ROW_GOOD;
    }
    if (kind == MADE_COLUMN_REAL) return read_real(text, value_form, value, number);
    if (kind == MADE_COLUMN_BINARY) return read_binary(text, value_form, options, value, number);
    if (kind == MADE_COLUMN_CLOCK) return read_clock(text, value_form, value, number);
    if (other_label != MADE_NO_LABEL) return set(double(other_label), value, number);
    if (has_unseen && !options.refuses_unseen) return set(double(MADE_UNSEEN), value, number);
    return MADE_ROW_UNKNOWN_LABEL;
}

made_row_fault Column::read_element(
    std::string_view text, made_value_form value_form, const made_row_options &options, float &value, double &number
) const {
    if (value_form == MADE_VALUE_STRING) return MADE_ROW_WRONG_TYPE;
    // Where 0 and 1 are indices of labels, none of the column's own texts is meant.
    bool is_index_of_two = kind == MADE_COLUMN_BINARY && !indices.empty();
    if (is_index_of_two) return read_binary(text, value_form, options, value, number);
    if (kind == MADE_COLUMN_CLOCK && !is_missing(text, value_form)) return read_clock_units(text, value, number);
    if (kind != MADE_COLUMN_CATEGORICAL) return read(text, value_form, options, value, number);
    Decimal decimal;
    if (!decimal.read(text)) return MADE_ROW_WRONG_TYPE;
    bool is_index = decimal.value >= 0 && decimal.value < double(label_count) && decimal.value == std::floor(decimal.value);
    return is_index ? set(decimal.value, value, number) : MADE_ROW_UNKNOWN_LABEL;
}

/// The value of the label that `text`, which is normal, stands for.
size_t Column::find_label(std::string_view text, made_value_form value_form) const {
    if (indices.empty()) return MADE_NO_LABEL;
    auto label = indices.find(text);
    if (label != indices.end()) return label->second;
    if (value_form == MADE_VALUE_BOOLEAN) {
        bool truth = text == "true";
        for (const char *spelling : {truth ? "True" : "False", truth ? "TRUE" : "FALSE"}) {
            label = indices.find(spelling);
            if (label != indices.end()) return label->second;
        }
        return MADE_NO_LABEL;
    }
    std::string key;
    if (are_numbers) {
        auto equal = write_number_key(text, key) ? number_indices.find(key) : number_indices.end();
        return equal == number_indices.end() ? MADE_NO_LABEL : equal->second;
    }
    if (value_form != MADE_VALUE_NUMBER || !write_whole_number(text, key)) return MADE_NO_LABEL;
    label = indices.find(key);
    return label == indices.end() ? MADE_NO_LABEL : label->second;
}

/// JSON's own numbers are plain.
static const made_number_form &form_of(made_value_form value_form, const made_number_form &form) {
    static constexpr made_number_form plain{};
    return value_form == MADE_VALUE_NUMBER ? plain : form;
}

/// Whether `text`, which is normal, stands for a missing value.
bool Column::is_missing(std::string_view text, made_value_form value_form) const {
    if (missing.contains(text)) return true;
    Decimal decimal;
    return !missing_numbers.empty() && read_number(text, form_of(value_form, form), decimal)
           && std::find(missing_numbers.begin(), missing_numbers.end(), decimal.value) != missing_numbers.end();
}

made_row_fault Column::read_real(
    std::string_view text, made_value_form value_form, float &value, double &number
) const {
    Decimal decimal;
    if (value_form == MADE_VALUE_BOOLEAN || !read_number(text, form_of(value_form, form), decimal)) {
        return MADE_ROW_WRONG_TYPE;
    }
    if (!std::isfinite(decimal.value)) return MADE_ROW_OUT_OF_RANGE;
    return set_number(decimal.value, value, number);
}

made_row_fault Column::read_clock(
    std::string_view text, made_value_form value_form, float &value, double &number
) const {
    Date date;
    if (clock_units != MADE_CLOCK_TEXTS && value_form != MADE_VALUE_BOOLEAN) {
        made_row_fault fault = read_clock_units(text, value, number);
        if (fault != MADE_ROW_WRONG_TYPE) return fault;
    }
    if (value_form == MADE_VALUE_BOOLEAN || !date.read(text, date_order)) return MADE_ROW_WRONG_TYPE;
    value = 0;
    number = date.seconds;
    return MADE_ROW_GOOD;
}

made_row_fault Column::read_clock_units(std::string_view text, float &value, double &number) const {
    // The years 1 to 9999.
    constexpr double earliest = -62135596800, latest = 253402300799;
    Decimal decimal;
    if (!read_number(text, form, decimal)) return MADE_ROW_WRONG_TYPE;
    value = 0;
    number = clock_units == MADE_CLOCK_MILLISECONDS ? decimal.value / 1000 : decimal.value;
    return number >= earliest && number <= latest ? MADE_ROW_GOOD : MADE_ROW_OUT_OF_RANGE;
}

made_row_fault Column::read_binary(
    std::string_view text, made_value_form value_form, const made_row_options &options, float &value, double &number
) const {
    int word = word_value(text);
    if (word >= 0) return set(word, value, number);
    Decimal decimal;
    bool is_number = read_number(text, form_of(value_form, form), decimal);
    if (is_number && (decimal.value == 0 || decimal.value == 1)) return set(decimal.value, value, number);
    if (has_unseen && !options.refuses_unseen && (is_number || !indices.empty())) {
        return set(double(MADE_UNSEEN), value, number);
    }
    if (!is_number) return MADE_ROW_WRONG_TYPE;
    return std::isfinite(decimal.value) ? MADE_ROW_NOT_BINARY : MADE_ROW_OUT_OF_RANGE;
}
