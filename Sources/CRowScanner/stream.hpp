#pragma once

#include "cells.hpp"
#include "scanner.hpp"

#include <deque>

/// Rows that come in pieces of a body, one of two ways.
struct made_row_stream {
    virtual ~made_row_stream() = default;

    made_stream_read read(const char *bytes, size_t count, bool is_last, size_t rows_max, made_float_buffer &matrix);

protected:
    explicit made_row_stream(const made_row_schema &schema) : schema(schema) {}

    const made_row_schema &schema;
    made_stream_read result{};

    virtual void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix) = 0;

    /// Notes the row after the last one as faulty. `text` is copied.
    void blame(made_row_fault fault, size_t column, size_t found, std::string_view text);
    /// Ends the stream: nothing of it can be read.
    void stop(made_stream_status status, std::string_view name = {});

private:
    std::vector<made_row_error> errors;
    /// What errors point to; it does not move as it grows.
    std::deque<std::string> texts;
};

/// A JSON row a line.
struct LineStream final : made_row_stream {
    explicit LineStream(const made_row_schema &schema) : made_row_stream(schema) {}

protected:
    void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix) override;

private:
    static constexpr size_t line_bytes_max = 1 << 20;

    made_row_scanner scanner;
    /// The part of a line that came before, and the padding after a line that would have none.
    std::string held;
    /// The line is too long already, and goes by.
    bool is_skipping = false;

    void hold(const char *start, const char *end);
    void read_line(const char *line, size_t count, made_float_buffer &matrix);
};

/// CSV whose header names all columns of the schema, in any order, or that has none.
struct CSVStream final : made_row_stream {
    CSVStream(const made_row_schema &schema, made_stream_header header) : made_row_stream(schema), header(header) {}

protected:
    void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix) override;

private:
    made_cell_cutter cutter;
    /// What is known of it.
    made_stream_header header;
    /// The columns of a line are known.
    bool has_places = false;
    /// The column of the schema that each cell of a line is for.
    std::vector<size_t> places;
    std::vector<float> row;
    /// Cells of the line so far.
    size_t cell_count = 0;
    /// The line's first fault is noted.
    bool is_faulty = false;
    bool has_missing = false;
    /// The rest of the line goes by.
    bool is_skipping = false;

    void decide_header(made_cell_end end);
    void read_header_cell(made_cell_end end);
    void read_cell();
    void blame_once(made_row_fault fault, size_t column, size_t found, std::string_view text);
    bool object(made_cell_end end);
    void end_row(made_float_buffer &matrix);
};

/// Appends `row` to `matrix`.
void append_row(const std::vector<float> &row, made_float_buffer &matrix);
