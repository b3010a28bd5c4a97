#pragma once

#include "date.hpp"
#include "number.hpp"

#include <bit>
#include <deque>
#include <limits>
#include <vector>

/// How a column of a table is read.
struct TableUse {
    made_cell_use use = MADE_CELL_ANY;
    made_number_form form{};
    made_date_order order = MADE_USUAL_ORDER;
    /// Its bytes stay where they are, whatever moves.
    std::vector<char> unit;
};

/// The texts and numbers of one column of a table.
struct TableColumn {
    /// How a date is written: which pattern of the column it has, and whether it shows the order of day and month.
    struct WrittenDate {
        size_t pattern = 0;
        bool shows_order = false;
    };

    struct Text {
        std::string text;
        size_t line;
        size_t count;
        bool is_number;
        bool is_code;
        Decimal decimal;
        WrittenDate date;
    };

    std::string name;
    TableUse use;
    /// They do not move as their number grows.
    std::deque<Text> texts;
    made_table_column_facts facts;

    TableColumn(std::string_view name, const TableUse &use);

    static double missing() { return std::bit_cast<double>(MADE_MISSING_BITS); }
    /// Reads a cell that is not quite empty; a number of JSON is plain.
    double read(std::string_view cell, size_t line, bool is_plain);

private:
    std::unordered_map<std::string_view, uint32_t> indices;
    /// Numbers that are texts.
    size_t number_text_count = 0;
    /// The last number, for `is_rising`.
    Decimal last;
    bool has_last = false;
    bool has_unwritten_digits = false;
    /// How dates are written, and how many are written so: the commonest pattern is the column's. Dates of later patterns are not
    /// counted.
    struct Pattern {
        std::string text;
        size_t count;
    };
    static constexpr size_t patterns_max = 16;
    std::vector<Pattern> patterns;
    WrittenDate last_date;

    bool read_date(std::string_view cell, double &seconds);
    size_t find_pattern(std::string_view pattern);
    void count(WrittenDate date);
    double read_text(std::string_view cell, size_t line, bool is_plain);
    bool read_decimal(std::string_view cell, bool is_plain, Decimal &decimal) const;
    bool is_code(const Decimal &decimal, std::string_view cell) const;
    double add_text(std::string_view text, size_t line, const Decimal *decimal, bool is_code);
    void note(const Decimal &decimal);
    void note_order(const Decimal &decimal);
    void note_digits(const Decimal &decimal);
    void note_divisor(int64_t units, int exponent);
};
