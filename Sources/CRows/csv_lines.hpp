#pragma once

#include "cells.hpp"
#include "dialect.hpp"

/// The lines of CSV that comes in pieces, cut into cells; comments before the first one and blank lines are passed over.
class CSVLines {
public:
    /// `separator` is 0 where it is to be found out.
    CSVLines(char separator, size_t line_bytes_max) : given_separator(separator), line_bytes_max(line_bytes_max) {}

    /// The cells of the line that was read.
    LineCutter cutter;
    /// A faulty line is told of once all of it has been read.
    bool keeps_faulty_lines = false;

    /// Reads the next line. After a fault, the one after it.
    LineEnd next(const char *&at, const char *end, bool is_last);
    /// The line that was read is the header, of `width` names: the next one comes once `named_row_count` is known.
    void end_header(size_t width);
    /// How many of the first ten rows begin with a name, as R writes them, and have one cell more than the header; 0 where as many
    /// have as many. Under a single name only quotes tell a name from what stands before a decimal comma.
    size_t named_row_count = 0;

    /// 0 until a line was read.
    char separator() const { return found_separator; }
    /// Number of the line that was read, from 1.
    size_t number() const { return line; }
    /// Of the line in which its last cell begins.
    size_t cell_number() const;
    /// The line that was read, without its end; of a faulty one where these are kept, and none of one that is too long.
    std::string_view bytes() const;

private:
    char given_separator, found_separator = 0;
    size_t line_bytes_max;
    DialectFinder finder;
    /// What the finder, or a look ahead, held back is read first.
    std::string replay;
    size_t replay_at = 0;
    /// Names of the header, until the rows behind it have been looked at.
    size_t header_width = 0;
    /// The lines of that look, the number of the first, and how many are rows, and of those as wide as the header.
    std::string ahead;
    size_t ahead_line = 0, ahead_row_count = 0, ahead_fitting_count = 0;

    /// The beginning of a line that goes on.
    std::string held;
    bool is_at_start = true;
    /// The line before ended with a CR, of which a LF is a part.
    bool is_after_return = false;
    /// The rest of a faulty line goes by.
    bool is_skipping = false;
    size_t line = 0, next_line = 1;
    std::string_view raw;
    /// What is wrong with a line of which the rest has not come yet.
    LineEnd fault = LineEnd::whole;

    bool look_ahead(const char *&at, const char *end, bool is_last);
    LineEnd take_line(const char *&at, const char *end, bool is_last);
    LineEnd read_line(const char *&at, const char *end, bool is_last);
    LineEnd cut_line(const char *&at, const char *end, bool is_last);
    LineEnd keep_rest(const char *&at, const char *end, bool is_last);
    LineEnd read_on(const char *&at, const char *end, bool is_last);
    bool begin_line(const char *&at, const char *end);
    bool skip(const char *&at, const char *end);
    LineEnd finish(LineEnd result);
};
