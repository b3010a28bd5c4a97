#pragma once

#include "csv_lines.hpp"
#include "json_lines.hpp"
#include "kept.hpp"
#include "scanner.hpp"

#include <deque>

/// Rows that come in pieces of a body, one of two ways.
struct made_row_stream {
    virtual ~made_row_stream() = default;

    made_stream_read read(const char *bytes, size_t count, bool is_last, size_t rows_max, made_row_buffer &buffer);

protected:
    made_row_stream(const made_row_schema &schema, made_row_options options, const made_text *kept, size_t kept_count)
        : schema(schema), options(options), kept(schema, kept, kept_count) {}

    const made_row_schema &schema;
    const made_row_options options;
    KeptCells kept;
    made_stream_read result{};

    virtual void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_row_buffer &buffer) = 0;

    /// The line that was read; empty of one that is too long.
    virtual std::string_view line_bytes() const = 0;
    /// Notes the row after the last one as faulty. The error's text is copied.
    void blame(made_row_error error);
    void blame(std::string_view reason);
    /// Ends the stream: nothing of it can be read.
    void stop(made_stream_status status, std::string_view name = {});

private:
    std::vector<made_row_error> errors;
    /// What errors point to; it does not move as it grows.
    std::deque<std::string> texts;
};

/// A JSON row a line.
struct LineStream final : made_row_stream {
    LineStream(const made_row_schema &schema, made_row_options options, const made_text *kept, size_t kept_count);

protected:
    void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_row_buffer &buffer) override;

private:
    static constexpr size_t line_bytes_max = 1 << 20;

    made_row_scanner scanner;
    made_scan_request request{};
    JSONLines lines{line_bytes_max};

    std::string_view line_bytes() const override;
    void read_line(made_row_buffer &buffer);
    void blame(const made_scan &scan);
};

/// CSV whose header names columns of the table in any order, or that has none.
struct CSVStream final : made_row_stream {
    CSVStream(
        const made_row_schema &schema, made_row_options options, made_stream_header header, const made_text *kept,
        size_t kept_count
    ) : made_row_stream(schema, options, kept, kept_count), header(header) {
        lines.keeps_faulty_lines = options.keeps_faulty_lines;
    }

protected:
    void read_rows(
        const char *&at, const char *end, bool is_last, size_t rows_max, made_row_buffer &buffer) override;

private:
    static constexpr size_t line_bytes_max = 2 << 20;

    /// What a cell of a line is for.
    struct Place {
        /// The column that is read, or none.
        size_t column;
        size_t kept;
    };

    CSVLines lines{0, line_bytes_max};
    /// What is known of it.
    made_stream_header header;
    /// A header was read or is known to be absent.
    bool is_past_header = false;
    /// What the cells of a line are for; none until it is known.
    std::vector<Place> places;
    /// Places are those of a header.
    bool has_names = false;
    /// Some column that is to be read has no place.
    bool lacks_columns = false;
    /// The row being read, where variables are made of columns.
    std::vector<float> row_values;
    std::vector<double> row_numbers;

    std::string_view line_bytes() const override { return lines.bytes(); }
    void read_line(LineEnd end, made_row_buffer &buffer);
    void read_cells(made_row_buffer &buffer);
    bool read_cells(float *row, double *numbers, bool &is_special);
    void keep_cells();
    bool is_comment();
    // csv_header.cpp
    bool take_header(LineEnd end);
    void guess_header(LineEnd end);
    void read_header();
    bool find_places();
    void place_row_names();
};
