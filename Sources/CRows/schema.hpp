#pragma once

#include "date.hpp"
#include "number.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

/// One column and how its values are read.
struct Column {
    explicit Column(const made_column &column);
    // The form points into the column, which a copy would not.
    Column(const Column &) = delete;
    Column(Column &&) = default;

    std::string name;
    made_column_kind kind;
    /// The name needs no escape in JSON, so that it can be compared with a key as it stands there.
    bool is_plain;
    /// A lone 0 or 1 is the value 0 or 1, whatever it is written as.
    bool reads_bits = false;
    /// Text that is a plain number is that number, whatever else the column knows.
    bool reads_plain_numbers = false;
    /// Some label looks like an array or object of JSON.
    bool has_json_labels = false;
    /// How many values labels have, rare ones included.
    size_t label_count;

    /// What `made_row_schema_read_value` does.
    made_row_fault read(
        std::string_view text, made_value_form form, const made_row_options &options, float &value, double &number) const;
    /// Reads an element of a tensor, in which a category is its index and no text means anything.
    made_row_fault read_element(
        std::string_view text, made_value_form form, const made_row_options &options, float &value, double &number) const;
    /// Makes the value of a finite number of a real column.
    made_row_fault set_number(double exact, float &value, double &number) const {
        constexpr double most = 1e30;
        double scaled = (transformed(exact) - centre) * scale;
        // Zeros are added so that −0 is 0.
        number = exact + 0.0;
        value = float(scaled > most ? most : scaled > -most ? scaled : -most) + 0.0f;
        if (!atoms.empty()) set_atom(number, value);
        return MADE_ROW_GOOD;
    }
    /// Makes a missing value; its number is NaN.
    void set_missing(float &value, double &number, const made_row_options &options) const;
    /// A row with the value cannot be scored in a plain pass.
    bool is_special(float value) const {
        return !(value >= plain_low && value < plain_high) && !(has_missing && value == MADE_OUTCOME);
    }

private:
    /// The number, or its signed logarithm.
    double transformed(double exact) const {
        if (linear_width <= 0) return exact;
        return std::copysign(linear_width * std::log1p(std::fabs(exact) / linear_width), exact);
    }

    double centre, scale, linear_width;
    float plain_low = 0, plain_high = 2;
    /// No string: its bytes stay where they are when the column moves.
    std::vector<char> unit;
    made_number_form form;
    TextMap<size_t> indices;
    /// Labels that are numbers, by their exact keys.
    bool are_numbers;
    TextMap<size_t> number_indices;
    size_t other_label;
    bool has_unseen, has_missing;
    TextSet missing;
    /// Those of them that are numbers, of a column that may hold some: every spelling of them is missing.
    std::vector<double> missing_numbers;
    /// Ascending.
    std::vector<double> atoms;
    made_clock_units clock_units;
    made_date_order date_order;

    void add_labels(const made_text *texts, size_t count, size_t first_value);
    void decide_ways();
    void set_atom(double number, float &value) const;
    bool is_missing(std::string_view text, made_value_form form) const;
    size_t find_label(std::string_view text, made_value_form form) const;
    made_row_fault read_real(
        std::string_view text, made_value_form form, float &value, double &number) const;
    made_row_fault read_clock(std::string_view text, made_value_form form, float &value, double &number) const;
    made_row_fault read_clock_units(std::string_view text, float &value, double &number) const;
    made_row_fault read_binary(
        std::string_view text, made_value_form form, const made_row_options &options, float &value, double &number) const;
};

/// A variable that is made of columns.
struct Variable {
    explicit Variable(const made_variable &variable);

    made_part part;
    size_t column, since;
    double origin;
    Column rules;

    /// Makes the variable's value of those of a row's columns; the row's numbers are seconds where they are a clock's.
    void read(
        const float *values, const double *numbers, const made_row_options &options, float &value, double &number) const;
};

struct made_row_schema {
    std::vector<Column> columns;
    /// None where they are the columns.
    std::vector<Variable> variables;
    /// Whether each column reads bits, close together.
    std::vector<uint8_t> reads_bits;
    bool is_all_bits = true;
    /// Columns that are read and those passed over by name.
    TextMap<size_t> indices;
    /// The table's columns in its order: which of `columns` they are, or `passed_over`.
    std::vector<size_t> places;
    TextMap<size_t> place_indices;
    /// Every column is one of the places.
    bool places_are_whole = true;

    static constexpr size_t none = SIZE_MAX, passed_over = SIZE_MAX - 1;

    made_row_schema(
        const made_column *columns, size_t count, const made_table_place *places, size_t place_count,
        const made_variable *variables, size_t variable_count);

    /// Variables are not the columns, but made of them.
    bool expands() const { return !variables.empty(); }
    /// Values of a row as the model takes it.
    size_t variable_count() const { return expands() ? variables.size() : columns.size(); }
    /// Makes a row of variables of one of columns; whether a plain pass cannot score it. `to_numbers` may be null.
    bool expand(
        const float *values, const double *numbers, const made_row_options &options, float *to, double *to_numbers) const;
    /// The column of that name, `passed_over`, or `none`.
    size_t find(std::string_view name) const;
    /// The table has other columns than those that are read.
    bool has_places() const { return !places.empty() && places.size() != columns.size(); }
    /// A row of as many values has all columns of the table, not only those that are read.
    bool has_table_width(size_t count) const { return has_places() && count == places.size(); }
    /// The table's first column has no name: its rows have.
    bool names_rows() const {
        auto unnamed = place_indices.find(std::string_view());
        return unnamed != place_indices.end() && unnamed->second == 0;
    }
};
