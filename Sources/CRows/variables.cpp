#include "schema.hpp"

#include <cmath>

Variable::Variable(const made_variable &variable)
    : part(variable.part), column(variable.column), since(variable.since), origin(variable.origin), rules(variable.rules) {}

void Variable::read(
    const float *values, const double *numbers, const made_row_options &options, float &value, double &number
) const {
    if (part == MADE_PART_VALUE) {
        value = values[column];
        number = numbers[column];
        return;
    }
    double seconds = numbers[column];
    if (part == MADE_PART_ELAPSED) seconds -= numbers[since];
    if (std::isnan(seconds)) return rules.set_missing(value, number, options);
    double exact = made_part_number(part, seconds, origin);
    if (rules.kind == MADE_COLUMN_REAL) {
        rules.set_number(exact, value, number);
    } else {
        number = exact;
        value = float(exact);
    }
}

bool made_row_schema::expand(
    const float *values, const double *numbers, const made_row_options &options, float *to, double *to_numbers
) const {
    bool is_special = false;
    for (size_t index = 0; index < variables.size(); index++) {
        double unused = 0;
        double &number = to_numbers == nullptr ? unused : to_numbers[index];
        const Variable &variable = variables[index];
        variable.read(values, numbers, options, to[index], number);
        is_special = is_special || variable.rules.is_special(to[index]);
    }
    return is_special;
}

size_t made_row_schema_expand(
    const made_row_schema *schema, const float *values, const double *numbers, size_t row_count, made_row_options options,
    float *to, double *to_numbers
) {
    size_t special_count = 0, width = schema->columns.size(), variable_count = schema->variable_count();
    for (size_t row = 0; row < row_count; row++) {
        special_count += schema->expand(values + row * width, numbers + row * width, options, to, to_numbers);
        to += variable_count;
        if (to_numbers != nullptr) to_numbers += variable_count;
    }
    return special_count;
}
