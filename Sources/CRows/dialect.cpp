#include "dialect.hpp"

#include <algorithm>

bool DialectFinder::read(const char *&at, const char *end, bool is_last) {
    while (at < end) {
        if (take(*at++) || held.size() >= held_bytes_max) return true;
    }
    if (is_last && is_comment_so_far()) drop_line();
    return is_last;
}

/// Whether a line that ends here is a comment.
bool DialectFinder::is_comment_so_far() const {
    bool has_separator = std::any_of(std::begin(counts), std::end(counts), [](size_t count) { return count > 0; });
    return is_comment || (held.starts_with('#') && !has_separator);
}

/// Takes one byte; true where it ends the line that is looked for.
bool DialectFinder::take(char byte) {
    constexpr std::string_view byte_order_mark = "\uFEFF";
    bool ends_return = is_after_return && byte == '\n';
    is_after_return = byte == '\r';
    // The line ended with the CR before.
    if (ends_return && held.empty()) return false;
    if (!is_quoted && (byte == '\n' || byte == '\r')) return end_line(byte);
    if (is_comment) return false;
    held.push_back(byte);
    if (is_first_line && held == byte_order_mark) {
        held.clear();
        is_at_cell_start = true;
        return false;
    }
    if (held.size() == 2 && held[0] == '#' && std::string_view(" \t#!").find(byte) != std::string_view::npos) {
        is_comment = true;
        held.clear();
        return false;
    }
    count(byte);
    return false;
}

bool DialectFinder::end_line(char byte) {
    if (is_first_line) named_separator = separator_named_by(held);
    bool names_separator = is_first_line && named_separator != 0;
    is_first_line = false;
    if (held.empty() || names_separator || is_comment_so_far()) {
        drop_line();
        return false;
    }
    held.push_back(byte);
    return true;
}

void DialectFinder::drop_line() {
    held.clear();
    std::fill(std::begin(counts), std::end(counts), 0);
    is_comment = false;
    is_at_cell_start = true;
    line_count++;
}

void DialectFinder::count(char byte) {
    if (byte == '"' && (is_quoted || is_at_cell_start)) {
        // Quotes that are doubled close and open again.
        is_quoted = !is_quoted;
        is_at_cell_start = !is_quoted;
        return;
    }
    if (is_quoted) return;
    size_t candidate = candidates.find(byte);
    is_at_cell_start = candidate != std::string_view::npos;
    if (is_at_cell_start) counts[candidate]++;
}

/// The separator that a line such as `sep=;` names, with which Excel begins a file; 0 where it is no such line.
char DialectFinder::separator_named_by(std::string_view line) {
    constexpr std::string_view key = "sep=";
    if (line.size() > 1 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    if (line.size() != key.size() + 1) return 0;
    bool is_key = std::equal(key.begin(), key.end(), line.begin(), [](char a, char b) { return a == b || a - 32 == b; });
    char separator = line.back();
    return is_key && separator != '"' && separator != ' ' ? separator : 0;
}

char DialectFinder::separator() const {
    if (named_separator != 0) return named_separator;
    return candidates[size_t(std::max_element(std::begin(counts), std::end(counts)) - std::begin(counts))];
}
