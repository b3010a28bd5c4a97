#pragma once

#include "text.hpp"

/// Lines that come in pieces, with MADE_SCAN_PADDING readable bytes behind each.
class JSONLines {
public:
    enum class Next { unfinished, whole, too_long, over };

    explicit JSONLines(size_t line_bytes_max) : line_bytes_max(line_bytes_max) {}

    /// The line that was read, without its LF; it holds until the next one.
    std::string_view line;
    /// Its number, from 1.
    size_t number = 0;

    Next next(const char *&at, const char *end, bool is_last);
    /// The line that was read comes once more.
    void unread();

private:
    size_t line_bytes_max;
    /// The part of a line that came before, and the padding behind a line that would have none.
    std::string held;
    bool holds_line = false;
    /// The line is too long already, and goes by.
    bool is_skipping = false;
    bool is_unread = false;

    void hold(const char *start, const char *end);
    Next finish_held();
};
