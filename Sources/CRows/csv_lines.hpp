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

    /// Reads the next line. After a fault, the one after it.
    LineEnd next(const char *&at, const char *end, bool is_last);

    /// 0 until a line was read.
    char separator() const { return found_separator; }
    /// Number of the line that was read, from 1.
    size_t number() const { return line; }
    /// Of the line in which its last cell begins.
    size_t cell_number() const;

private:
    char given_separator, found_separator = 0;
    size_t line_bytes_max;
    DialectFinder finder;
    /// What the finder held back is read first.
    std::string replay;
    size_t replay_at = 0;

    /// The beginning of a line that goes on.
    std::string held;
    bool is_at_start = true;
    /// The line before ended with a CR, of which a LF is a part.
    bool is_after_return = false;
    /// The rest of a faulty line goes by.
    bool is_skipping = false;
    size_t line = 0, next_line = 1;
    std::string_view raw;

    LineEnd read_line(const char *&at, const char *end, bool is_last);
    LineEnd read_on(const char *&at, const char *end, bool is_last);
    bool begin_line(const char *&at, const char *end);
    bool skip(const char *&at, const char *end);
    LineEnd finish(LineEnd result);
};
