#include "json_lines.hpp"

#include <cstring>

JSONLines::Next JSONLines::next(const char *&at, const char *end, bool is_last) {
    if (is_unread) {
        is_unread = false;
        return Next::whole;
    }
    if (holds_line) held.clear();
    holds_line = false;
    auto line_end = at == end ? nullptr : static_cast<const char *>(std::memchr(at, '\n', size_t(end - at)));
    const char *stop = line_end == nullptr ? end : line_end;
    const char *start = at;
    at = line_end == nullptr ? end : line_end + 1;
    bool has_padding = size_t(end - stop) >= MADE_SCAN_PADDING;
    if (line_end != nullptr && held.empty() && !is_skipping && has_padding && size_t(stop - start) <= line_bytes_max) {
        number++;
        line = {start, size_t(stop - start)};
        return Next::whole;
    }
    hold(start, stop);
    if (line_end != nullptr) return finish_held();
    if (!is_last) return Next::unfinished;
    return held.empty() && !is_skipping ? Next::over : finish_held();
}

void JSONLines::hold(const char *start, const char *end) {
    if (held.size() + size_t(end - start) > line_bytes_max) is_skipping = true;
    if (is_skipping) {
        held.clear();
    } else if (start < end) {
        held.append(start, size_t(end - start));
    }
}

JSONLines::Next JSONLines::finish_held() {
    number++;
    size_t count = held.size();
    bool is_too_long = is_skipping;
    is_skipping = false;
    held.append(MADE_SCAN_PADDING, '\0');
    holds_line = true;
    line = {held.data(), count};
    return is_too_long ? Next::too_long : Next::whole;
}

void JSONLines::unread() {
    is_unread = true;
    if (holds_line) return;
    held.assign(line).append(MADE_SCAN_PADDING, '\0');
    holds_line = true;
    line = {held.data(), line.size()};
}
