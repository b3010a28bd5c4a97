#pragma once

#include "CRowScanner.h"

#include <string>

/// Cuts bytes that come in pieces into the cells of RFC 4180: quotes, doubled quotes within them, LF or CRLF at line ends.
/// A UTF-8 byte order mark at the start is passed over.
struct made_cell_cutter {
    /// The bytes of the last cell, quotes taken off.
    std::string cell;
    bool is_quoted = false;
    /// Number of the line that the last cell ended in, from 1.
    size_t line = 1;

    /// Reads on from `at`, which it moves past what it has read.
    made_cell_end next(const char *&at, const char *end, bool is_last);
    /// After a fault: the next cell is what is left of the line.
    void skip_line();

private:
    enum class State { mark, start, plain, quoted, closing, carriage_return, skipping };

    State state = State::mark;
    size_t mark_count = 0;
    bool is_over = false;
    bool line_is_over = false;

    made_cell_end finish(made_cell_end end);
    made_cell_end finish_stream();
    bool append(char byte);
};
