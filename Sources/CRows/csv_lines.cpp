#include "csv_lines.hpp"

#include <algorithm>
#include <utility>

/// Line ends in `text`, a CRLF being one.
static size_t count_line_ends(std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; at < text.size(); at++) {
        if (text[at] == '\r') count++;
        else if (text[at] == '\n') count += at == 0 || text[at - 1] != '\r';
    }
    return count;
}

LineEnd CSVLines::next(const char *&at, const char *end, bool is_last) {
    if (found_separator == 0) {
        if (!finder.read(at, end, is_last)) return LineEnd::unfinished;
        found_separator = given_separator == 0 ? finder.separator() : given_separator;
        cutter.set_separator(found_separator);
        next_line += finder.line_count;
        replay = std::move(finder.held);
    }
    if (header_width > 0 && !look_ahead(at, end, is_last)) return LineEnd::unfinished;
    for (;;) {
        LineEnd result = take_line(at, end, is_last);
        if (result != LineEnd::whole || !cutter.is_blank()) return result;
    }
}

void CSVLines::end_header(size_t width) {
    header_width = width;
}

/// Looks at the first rows, and holds them back; false where more must come before it is known how they begin.
bool CSVLines::look_ahead(const char *&at, const char *end, bool is_last) {
    constexpr size_t row_count_max = 10;
    // The rest of a faulty line is left to whoever reads it.
    bool keeps = std::exchange(keeps_faulty_lines, false);
    LineEnd result = LineEnd::whole;
    while (ahead_row_count < row_count_max) {
        result = take_line(at, end, is_last);
        if (result == LineEnd::unfinished || result == LineEnd::over) break;
        if (ahead.empty()) ahead_line = line;
        ahead.append(raw);
        if (result != LineEnd::whole) break;
        if (cutter.is_blank() || cutter.is_comment()) continue;
        ahead_row_count++;
        named_row_count += cutter.has_row_name(header_width);
        ahead_fitting_count += cutter.fits(header_width);
    }
    keeps_faulty_lines = keeps;
    if (result == LineEnd::unfinished) return false;
    if (named_row_count <= ahead_fitting_count) named_row_count = 0;
    header_width = 0;
    if (ahead.empty()) return true;
    replay = std::move(ahead) + replay.substr(replay_at);
    replay_at = 0;
    next_line = ahead_line;
    is_at_start = true;
    is_skipping = is_after_return = false;
    return true;
}

/// Reads the next line, of what was held back first.
LineEnd CSVLines::take_line(const char *&at, const char *end, bool is_last) {
    while (replay_at < replay.size()) {
        const char *from = replay.data() + replay_at, *to = replay.data() + replay.size();
        LineEnd result = read_line(from, to, is_last && at == end);
        replay_at = replay.size() - size_t(to - from);
        if (result != LineEnd::unfinished) return result;
    }
    return read_line(at, end, is_last);
}

LineEnd CSVLines::read_line(const char *&at, const char *end, bool is_last) {
    if (fault != LineEnd::whole) return keep_rest(at, end, is_last);
    LineEnd result = cut_line(at, end, is_last);
    if (!keeps_faulty_lines || !is_skipping || result == LineEnd::unfinished || result == LineEnd::over) return result;
    fault = result;
    held = std::string(raw);
    return keep_rest(at, end, is_last);
}

/// Reads what goes by of a faulty line.
LineEnd CSVLines::keep_rest(const char *&at, const char *end, bool is_last) {
    const char *from = at;
    bool has_ended = skip(at, end);
    if (held.size() <= line_bytes_max) held.append(from, size_t(at - from) - has_ended);
    if (!has_ended && !is_last) return LineEnd::unfinished;
    bool is_too_long = held.size() > line_bytes_max;
    raw = is_too_long ? std::string_view() : held;
    LineEnd result = is_too_long ? LineEnd::line_too_long : fault;
    fault = LineEnd::whole;
    return result;
}

LineEnd CSVLines::cut_line(const char *&at, const char *end, bool is_last) {
    if (!begin_line(at, end)) return is_last ? LineEnd::over : LineEnd::unfinished;
    if (!held.empty()) return read_on(at, end, is_last);
    size_t byte_count = size_t(end - at);
    LineEnd result = cutter.advance(at, byte_count, is_last);
    raw = {at, std::min(cutter.byte_count(), line_bytes_max)};
    if (cutter.byte_count() > line_bytes_max) result = LineEnd::line_too_long;
    if (result == LineEnd::unfinished && byte_count > 0) held.assign(at, byte_count);
    at += raw.size();
    return finish(result);
}

/// Reads on in a line whose beginning is held.
LineEnd CSVLines::read_on(const char *&at, const char *end, bool is_last) {
    constexpr size_t slice_min = 4096;
    for (;;) {
        size_t before = held.size(), slice = std::min(size_t(end - at), std::max(before, slice_min));
        if (slice > 0) held.append(at, slice);
        LineEnd result = cutter.advance(held.data(), held.size(), is_last && at + slice == end);
        raw = {held.data(), std::min(cutter.byte_count(), line_bytes_max)};
        if (cutter.byte_count() > line_bytes_max) result = LineEnd::line_too_long;
        at += raw.size() - before;
        if (result != LineEnd::unfinished || at == end) return finish(result);
    }
}

/// Goes to where a line is read; false where that is beyond `end`.
bool CSVLines::begin_line(const char *&at, const char *end) {
    if (is_skipping && !skip(at, end)) return false;
    if (!is_at_start) return true;
    if (is_after_return && at < end) {
        at += *at == '\n';
        is_after_return = false;
    }
    if (at == end) return false;
    held.clear();
    cutter.begin();
    line = next_line;
    is_at_start = false;
    return true;
}

bool CSVLines::skip(const char *&at, const char *end) {
    at = std::find_if(at, end, [](char byte) { return byte == '\n' || byte == '\r'; });
    if (at == end) return false;
    is_after_return = *at++ == '\r';
    is_skipping = false;
    next_line++;
    return true;
}

LineEnd CSVLines::finish(LineEnd result) {
    if (result == LineEnd::unfinished) return result;
    is_at_start = true;
    next_line = line + (cutter.has_quotes() || result != LineEnd::whole ? count_line_ends(raw) : 1);
    is_after_return = result == LineEnd::whole && raw.ends_with('\r');
    is_skipping = result != LineEnd::whole && result != LineEnd::over;
    return result;
}

std::string_view CSVLines::bytes() const {
    std::string_view bytes = raw;
    if (bytes.ends_with('\n')) bytes.remove_suffix(1);
    if (bytes.ends_with('\r')) bytes.remove_suffix(1);
    return bytes;
}

size_t CSVLines::cell_number() const {
    return line + count_line_ends(raw.substr(0, std::min(cutter.cell_start(), raw.size())));
}
