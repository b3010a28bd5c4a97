#pragma once

#include "text.hpp"

/// Finds the separator of CSV by its first line, which it holds back, whatever pieces it comes in. A byte order mark before it
/// is dropped, and so are blank lines and comments. Where the very first line names the separator, as Excel has it, that is
/// dropped as well.
class DialectFinder {
public:
    /// More of a line than that does not tell.
    static constexpr size_t held_bytes_max = 1 << 20;

    /// Reads on from `at`, which it moves past what it has read; true once the line is known.
    bool read(const char *&at, const char *end, bool is_last);

    /// The separator that the line shows.
    char separator() const;
    /// What was read of the line and not dropped.
    std::string held;
    /// Lines before it.
    size_t line_count = 0;

private:
    static constexpr std::string_view candidates = ",;\t|";

    size_t counts[candidates.size()] = {};
    /// 0 where no line names it.
    char named_separator = 0;
    bool is_first_line = true;
    bool is_comment = false;
    bool is_after_return = false;
    bool is_quoted = false;
    /// The next byte begins a cell, whichever the separator is.
    bool is_at_cell_start = true;

    bool take(char byte);
    bool end_line(char byte);
    bool is_comment_so_far() const;
    void drop_line();
    void count(char byte);
    static char separator_named_by(std::string_view line);
};
