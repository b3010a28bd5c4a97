#include "cells.hpp"

#include <cstring>

void LineCutter::set_separator(char byte) {
    separator = byte;
    ends_cell = {};
    for (char end : {separator, '\n', '\r'}) ends_cell[static_cast<unsigned char>(end)] = true;
}

void LineCutter::begin() {
    state = State::start;
    position = start = count = filled = escape_count = 0;
    has_quoted = false;
    cells.clear();
}

LineEnd LineCutter::advance(const char *line, size_t byte_count, bool is_last) {
    base = line;
    const char *at = base + position, *end = base + byte_count;
    LineEnd result = cut_cells(at, end);
    position = size_t(at - base);
    if (result == LineEnd::unfinished && is_last) return finish_stream(end);
    return result;
}

LineEnd LineCutter::cut_cells(const char *&at, const char *end) {
    while (at < end) {
        switch (state) {
        case State::start:
            start = size_t(at - base);
            escape_count = 0;
            state = *at == '"' ? State::quoted : State::plain;
            if (state == State::plain) break;
            at++;
            start++;
            has_quoted = true;
            break;
        case State::plain:
            at = find_end(at, end);
            if (is_too_long(at)) return LineEnd::cell_too_long;
            if (at == end) return LineEnd::unfinished;
            add_cell(at, false);
            if (*at++ != separator) return LineEnd::whole;
            break;
        case State::quoted: {
            auto quote = static_cast<const char *>(std::memchr(at, '"', size_t(end - at)));
            at = quote == nullptr ? end : quote;
            if (is_too_long(at)) return LineEnd::cell_too_long;
            if (at == end) return LineEnd::unfinished;
            at++;
            state = State::closing;
            break;
        }
        case State::closing:
            if (*at == '"') {
                at++;
                escape_count++;
                state = State::quoted;
                if (is_too_long(at)) return LineEnd::cell_too_long;
                break;
            }
            if (!ends_cell[static_cast<unsigned char>(*at)]) return LineEnd::quote_not_at_end;
            add_cell(at - 1, true);
            if (*at++ != separator) return LineEnd::whole;
            break;
        }
    }
    return LineEnd::unfinished;
}

/// Where the unquoted cell ends that goes on at `at`.
const char *LineCutter::find_end(const char *at, const char *end) const {
    while (at < end && !ends_cell[static_cast<unsigned char>(*at)]) at++;
    return at;
}

/// Whether the cell is too long that was read up to `at`, which goes back to where it became so.
bool LineCutter::is_too_long(const char *&at) const {
    size_t most = start + MADE_CELL_BYTES_MAX + escape_count;
    if (size_t(at - base) <= most) return false;
    at = base + most;
    return true;
}

/// What the end of the stream makes of the line so far.
LineEnd LineCutter::finish_stream(const char *end) {
    if (state == State::quoted) return LineEnd::quote_unclosed;
    if (position == 0) return LineEnd::over;
    if (state == State::start) start = position;
    add_cell(state == State::closing ? end - 1 : end, state == State::closing);
    return LineEnd::whole;
}

void LineCutter::add_cell(const char *cell_end, bool is_quoted) {
    auto byte_count = uint32_t(cell_end - base - ptrdiff_t(start));
    if (count < cells_max) cells.push_back({start, byte_count, uint32_t(escape_count), is_quoted});
    count++;
    if (byte_count > 0) filled = count;
    state = State::start;
}

std::string_view LineCutter::text(size_t index) {
    const Cell &cell = cells[index];
    std::string_view raw(base + cell.start, cell.byte_count);
    if (cell.escape_count == 0) return raw;
    unescaped.clear();
    for (size_t at = 0; at < raw.size(); at++) {
        unescaped.push_back(raw[at]);
        at += raw[at] == '"';
    }
    return unescaped;
}
