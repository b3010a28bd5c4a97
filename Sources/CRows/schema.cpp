#include "schema.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

Column::Column(const made_column &column)
    : name(view(column.name)), kind(column.kind), centre(column.centre), scale(column.scale),
      linear_width(column.linear_width),
      unit(column.form.unit.bytes, column.form.unit.bytes + column.form.unit.count), form(column.form),
      are_numbers(column.are_numbers), other_label(column.other_label), has_unseen(column.has_unseen),
      has_missing(column.has_missing), atoms(column.atoms, column.atoms + column.atom_count),
      clock_units(column.clock_units), date_order(column.date_order) {
    is_plain = std::all_of(name.begin(), name.end(), [](unsigned char byte) {
        return byte >= ' ' && byte != '"' && byte != '\\';
    });
    form.unit = {unit.data(), unit.size()};
    label_count = column.label_count + column.rare_label_count;
    add_labels(column.labels, column.label_count, 0);
    add_labels(column.rare_labels, column.rare_label_count, column.label_count);
    for (size_t index = 0; index < column.missing_count; index++) {
        missing.emplace(view(column.missing[index]));
        Decimal decimal;
        bool may_be_number = kind != MADE_COLUMN_CATEGORICAL || are_numbers;
        if (may_be_number && read_number(view(column.missing[index]), form, decimal)) missing_numbers.push_back(decimal.value);
    }
    decide_ways();
    switch (kind) {
    case MADE_COLUMN_BINARY: break;
    case MADE_COLUMN_CATEGORICAL: plain_high = float(column.label_count); break;
    case MADE_COLUMN_REAL:
        plain_low = MADE_UNSEEN_MISSING / 2;
        plain_high = std::numeric_limits<float>::infinity();
        break;
    case MADE_COLUMN_CLOCK: break;
    }
}

void Column::add_labels(const made_text *texts, size_t count, size_t first_value) {
    for (size_t index = 0; index < count; index++) {
        std::string key;
        size_t value = first_value + index;
        // Of several labels that are the same number the first stands for all.
        if (are_numbers && write_number_key(view(texts[index]), key)) value = number_indices.emplace(key, value).first->second;
        indices.emplace(view(texts[index]), value);
        has_json_labels = has_json_labels || view(texts[index]).starts_with('[') || view(texts[index]).starts_with('{');
    }
}

/// Which values need not be looked up, by the rules themselves.
void Column::decide_ways() {
    if (kind == MADE_COLUMN_BINARY) {
        float zero = -1, one = -1;
        double number = 0;
        made_row_options strict{};
        strict.refuses_unseen = true;
        reads_bits = true;
        for (auto form : {MADE_VALUE_CELL, MADE_VALUE_STRING, MADE_VALUE_NUMBER}) {
            reads_bits = reads_bits && read("0", form, strict, zero, number) == MADE_ROW_GOOD && zero == 0
                         && read("1", form, strict, one, number) == MADE_ROW_GOOD && one == 1;
        }
    }
    if (kind == MADE_COLUMN_REAL && ::is_plain(form)) {
        // A label that is a number may be one of a real column only by mistake; a missing text may well be: -999.
        reads_plain_numbers = indices.empty() && missing_numbers.empty();
    }
}

made_row_schema::made_row_schema(
    const made_column *given, size_t count, const made_table_place *given_places, size_t place_count,
    const made_variable *given_variables, size_t variable_count
) {
    columns.reserve(count);
    for (size_t index = 0; index < count; index++) {
        const Column &column = columns.emplace_back(given[index]);
        indices.emplace(column.name, index);
        reads_bits.push_back(column.reads_bits);
        is_all_bits = is_all_bits && column.reads_bits;
    }
    for (size_t index = 0; index < place_count; index++) {
        size_t column = given_places[index].column < count ? given_places[index].column : passed_over;
        places.push_back(column);
        indices.emplace(view(given_places[index].name), column);
        place_indices.emplace(view(given_places[index].name), index);
    }
    std::vector<bool> has_place(count);
    for (size_t column : places) {
        if (column != passed_over) has_place[column] = true;
    }
    places_are_whole = std::find(has_place.begin(), has_place.end(), false) == has_place.end();
    // A column without a name is passed over, unless it is one that is read.
    indices.emplace("", passed_over);
    variables.reserve(variable_count);
    for (size_t index = 0; index < variable_count; index++) variables.emplace_back(given_variables[index]);
}

size_t made_row_schema::find(std::string_view name) const {
    auto entry = indices.find(name);
    if (entry == indices.end()) {
        std::string scratch;
        std::string_view normal = normalised(name, scratch);
        if (normal != name) entry = indices.find(normal);
    }
    return entry == indices.end() ? none : entry->second;
}

made_row_schema *made_row_schema_create(
    const made_column *columns, size_t count, const made_table_place *places, size_t place_count,
    const made_variable *variables, size_t variable_count
) {
    try {
        return new made_row_schema(columns, count, places, place_count, variables, variable_count);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void made_row_schema_free(made_row_schema *schema) {
    delete schema;
}

made_row_fault made_row_schema_read_value(
    const made_row_schema *schema, size_t column, made_text text, made_value_form form, made_row_options options,
    float *value, double *number
) {
    try {
        const Column &rules = schema->columns[column];
        return form == MADE_VALUE_ELEMENT
                   ? rules.read_element(view(text), MADE_VALUE_NUMBER, options, *value, *number)
                   : rules.read(view(text), form, options, *value, *number);
    } catch (const std::bad_alloc &) {
        // Nothing that so little memory holds is a value.
        return MADE_ROW_OUT_OF_RANGE;
    }
}
