#pragma once

#include "csv_lines.hpp"
#include "json.hpp"
#include "json_lines.hpp"
#include "table_column.hpp"

#include <memory>

/// Rows of a table, read one of two ways.
struct made_table_scanner {
    /// They do not move as their number grows.
    std::deque<TableColumn> columns;
    TextMap<TableUse> uses;
    std::vector<made_malformed_line> malformed;
    size_t malformed_count = 0;
    bool has_header = false;
    /// The first line, where it is that.
    std::string header_line;

    virtual ~made_table_scanner() = default;

    made_table_read read(
        const char *bytes, size_t count, bool is_last, size_t rows_max, double *&values, size_t &value_count);
    virtual char separator() const { return 0; }

protected:
    /// Longest line, bytes, which is held where it comes in pieces.
    static constexpr size_t line_bytes_max = 16 << 20;

    made_table_read result{};

    virtual void read_rows(const char *&at, const char *end, bool is_last, size_t rows_max) = 0;

    /// Room for one more row.
    double *add_row();
    void add_column(std::string_view name);
    void note_malformed(size_t line, size_t found);
    void fail(made_table_status status, size_t line);

private:
    std::unique_ptr<double[]> rows;
    size_t capacity = 0;
};

struct CSVTable final : made_table_scanner {
    CSVTable(made_stream_header header, char separator) : header(header), lines(separator, line_bytes_max) {}

    char separator() const override { return lines.separator(); }

protected:
    void read_rows(const char *&at, const char *end, bool is_last, size_t rows_max) override;

private:
    made_stream_header header;
    CSVLines lines;
    bool is_past_header = false;
    /// Those of the header, until the first row tells whether there is one more.
    std::vector<std::string> names;

    bool take(LineEnd end);
    void read_row();
    bool is_comment();
    // table_header.cpp
    bool take_header();
    bool is_header();
    void read_names();
    void name_columns(bool has_row_names);
};

struct JSONTable final : made_table_scanner {
protected:
    void read_rows(const char *&at, const char *end, bool is_last, size_t rows_max) override;

private:
    /// A value of the line and its column, which may be a new one.
    struct Item {
        size_t column;
        JSONToken token;
    };

    JSONLines lines{line_bytes_max};
    simdjson::ondemand::parser parser;
    TextMap<size_t> indices;
    std::vector<Item> items;
    /// Names that the line is the first to have.
    std::vector<std::string> new_names;
    /// Lines that were parsed, and the number of the last one that gave each column a value.
    size_t parse_count = 0;
    std::vector<size_t> last_lines;

    bool read_line();
    bool parse(std::string_view line, size_t &found);
    bool parse_object(JSONReader &reader);
    bool parse_array(JSONReader &reader, size_t &found);
    size_t find_column(std::string_view name, size_t next);
    bool add_item(JSONReader &reader, JSONReader::value value, size_t column);
    bool has_too_many_columns() const;
    void forget_new_names();
    void read_items();
};
