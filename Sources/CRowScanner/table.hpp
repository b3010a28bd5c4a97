#pragma once

#include "CTableScanner.h"
#include "cells.hpp"
#include "decimal.hpp"

#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// The texts and numbers of one column of a file.
struct TableColumn {
    struct Text {
        std::string text;
        size_t line;
        size_t count;
        bool is_number;
        double value;
    };

    made_table_column place;
    /// They do not move as their number grows.
    std::deque<Text> texts;
    std::unordered_map<std::string_view, uint32_t> indices;
    size_t number_text_count = 0;
    made_table_numbers numbers{0,
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               0,
                               0,
                               true,
                               0};

    explicit TableColumn(const made_table_column &place) : place(place) {}

    made_table_status read(std::string_view cell, size_t line, float &value);

private:
    made_table_status add_text(
        std::string_view cell, size_t line, bool is_number, const Decimal &decimal, float &value);
    void note(const Decimal &decimal);
};

struct made_table_scanner {
    std::vector<TableColumn> columns;

    made_table_scanner(made_cell_cutter &cutter, const made_table_column *columns, size_t count);

    made_table_read read(const char *bytes, size_t count, bool is_last, size_t rows_max, made_float_buffer &matrix);

private:
    made_cell_cutter &cutter;
    /// Cells of the line so far.
    size_t cell_count = 0;
    /// Number of a blank line that nothing has followed yet; 0 where there is none.
    size_t blank_line = 0;
    std::vector<float> row;
    made_table_read result{};

    void read_rows(const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix);
    void fail(made_table_status status, size_t line);
};
