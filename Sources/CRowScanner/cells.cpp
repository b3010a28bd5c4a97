#include "cells.hpp"

#include <new>

static constexpr char byte_order_mark[] = {char(0xEF), char(0xBB), char(0xBF)};

made_cell_end made_cell_cutter::next(const char *&at, const char *end, bool is_last) {
    if (is_over) {
        is_over = is_quoted = false;
        cell.clear();
        if (line_is_over) line++;
        line_is_over = false;
    }
    while (at < end) {
        char byte = *at;
        switch (state) {
        case State::mark:
            if (byte == byte_order_mark[mark_count]) {
                at++;
                if (++mark_count == sizeof byte_order_mark) state = State::start;
            } else {
                cell.assign(byte_order_mark, mark_count);
                state = mark_count == 0 ? State::start : State::plain;
            }
            break;
        case State::start:
            is_quoted = byte == '"';
            if (is_quoted) at++;
            state = is_quoted ? State::quoted : State::plain;
            break;
        case State::plain:
            at++;
            if (byte == ',') return finish(MADE_CELL_COMMA);
            if (byte == '\n') {
                if (!cell.empty() && cell.back() == '\r') cell.pop_back();
                return finish(MADE_CELL_LINE);
            }
            if (!append(byte)) return finish(MADE_CELL_TOO_LONG);
            break;
        case State::quoted:
            at++;
            if (byte == '"') {
                state = State::closing;
                break;
            }
            if (byte == '\n') line++;
            if (!append(byte)) return finish(MADE_CELL_TOO_LONG);
            break;
        case State::closing:
            at++;
            if (byte == ',') return finish(MADE_CELL_COMMA);
            if (byte == '\n') return finish(MADE_CELL_LINE);
            if (byte != '"' && byte != '\r') return finish(MADE_CELL_QUOTE_NOT_AT_END);
            state = byte == '"' ? State::quoted : State::carriage_return;
            if (byte == '"' && !append(byte)) return finish(MADE_CELL_TOO_LONG);
            break;
        case State::carriage_return:
            if (byte == '\n') at++;
            return finish(byte == '\n' ? MADE_CELL_LINE : MADE_CELL_QUOTE_NOT_AT_END);
        case State::skipping:
            at++;
            if (byte == '\n') return finish(MADE_CELL_LINE);
            break;
        }
    }
    return is_last ? finish_stream() : MADE_CELL_UNFINISHED;
}

made_cell_end made_cell_cutter::finish(made_cell_end end) {
    is_over = true;
    line_is_over = end == MADE_CELL_LINE || end == MADE_CELL_LAST;
    state = State::start;
    return end;
}

made_cell_end made_cell_cutter::finish_stream() {
    if (state == State::quoted) return finish(MADE_CELL_QUOTE_UNCLOSED);
    if (state == State::carriage_return) return finish(MADE_CELL_QUOTE_NOT_AT_END);
    if (state == State::mark) cell.assign(byte_order_mark, mark_count);
    return finish(MADE_CELL_LAST);
}

void made_cell_cutter::skip_line() {
    is_over = false;
    state = State::skipping;
    cell.clear();
}

/// False where the cell is too long.
bool made_cell_cutter::append(char byte) {
    if (cell.size() == MADE_CELL_BYTES_MAX) return false;
    cell.push_back(byte);
    return true;
}

made_cell_cutter *made_cell_cutter_create(void) {
    return new (std::nothrow) made_cell_cutter;
}

void made_cell_cutter_free(made_cell_cutter *cutter) {
    delete cutter;
}

made_cell made_cell_cutter_next(made_cell_cutter *cutter, const char *bytes, size_t count, bool is_last) {
    const char *at = bytes;
    made_cell_end end = cutter->next(at, bytes + count, is_last);
    return {end, {cutter->cell.data(), cutter->cell.size()}, cutter->is_quoted, cutter->line, size_t(at - bytes)};
}
