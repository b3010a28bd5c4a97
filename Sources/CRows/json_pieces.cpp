#include "json_pieces.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

/// The next quote from `at` on, outside of texts; `text.size()` where there is none. A backslash takes a quote's meaning there
/// too: to simdjson, which then refuses it.
static size_t find_quote(std::string_view text, size_t at) {
    for (size_t from = at;; at++) {
        at = text.find('"', at);
        if (at == text.npos) return text.size();
        size_t start = at;
        while (start > from && text[start - 1] == '\\') start--;
        if ((at - start) % 2 == 0) return at;
    }
}

simdjson::error_code JSONCutter::check() const {
    bool has_control = false;
    for (size_t place = find_quote(body, 0); place < body.size(); place = find_quote(body, place + 1)) {
        bool is_escaped = false;
        for (place++; place < body.size() && (body[place] != '"' || is_escaped); place++) {
            has_control |= uint8_t(body[place]) < 0x20;
            is_escaped = body[place] == '\\' && !is_escaped;
        }
        if (place == body.size()) return simdjson::UNCLOSED_STRING;
    }
    if (has_control) return simdjson::UNESCAPED_CHARS;
    if (std::all_of(body.begin(), body.end(), is_json_space)) return simdjson::EMPTY;
    return simdjson::validate_utf8(body.data(), body.size()) ? simdjson::SUCCESS : simdjson::UTF8_ERROR;
}

/// Which bytes a walk stops at; commas once there is enough.
static constexpr std::array<std::array<bool, 256>, 2> stops = [] {
    std::array<std::array<bool, 256>, 2> table{};
    for (unsigned char byte : {'"', '\\', '[', ']', '{', '}'}) table[0][byte] = table[1][byte] = true;
    table[1][','] = true;
    return table;
}();

void JSONCutter::next(size_t byte_count, JSONPiece &piece) {
    const size_t enough = at + std::min(byte_count, body.size() - at);
    piece = {at, at, open, {}, false, false};
    while (true) {
        const auto &stop = stops[at >= enough];
        const size_t end = at < enough ? enough : body.size();
        while (at < end && !stop[uint8_t(body[at])]) at++;
        if (at == body.size()) break;
        if (at == end) continue;
        const char byte = body[at++];
        if (byte == '"') {
            skip_string();
        } else if (byte == '\\') {
            if (at < body.size() && (body[at] == '"' || body[at] == '\\')) at++;
        } else if (byte == ',') {
            if (open.size() > cut_depth || !is_cut(at - 1)) continue;
            piece.end = at - 1;
            piece.after = open;
            return;
        } else {
            bool is_sound = byte == '[' || byte == '{' ? open_bracket(byte) : close_bracket(byte);
            if (is_sound && !open.empty()) continue;
            piece.is_broken = !is_sound;
            if (!is_sound) piece.after = open;
            break;
        }
    }
    piece.is_last = true;
    piece.end = at;
}

/// Goes behind the text whose opening quote was read.
void JSONCutter::skip_string() {
    const size_t start = at;
    while (at < body.size() && body[at] != '"') at += body[at] == '\\' ? 2 : 1;
    at = std::min(at, body.size());
    if (open.size() == 1) key = body.substr(start, at - start);
    if (at < body.size()) at++;
}

bool JSONCutter::open_bracket(char bracket) {
    open.push_back(bracket);
    if (open.size() == 2) {
        // A key with escapes may be any.
        bool may_be_rows = !rows.empty() && (key == rows || key.find('\\') != key.npos);
        cut_depth = may_be_rows ? rows_depth : depth_max;
    }
    return open.size() < depth_max;
}

bool JSONCutter::close_bracket(char bracket) {
    if (open.empty() || open.back() != (bracket == ']' ? '[' : '{')) return false;
    open.pop_back();
    return true;
}

/// Whether both sides of a comma are whole: what is out of place is found by who reads both.
bool JSONCutter::is_cut(size_t comma) const {
    // strchr finds the zero at the end of the list, too.
    return std::strchr("[{,:", before(comma)) == nullptr && std::strchr("]},:", after(comma)) == nullptr;
}

/// The byte before `comma` that is no space; 0 where there is none.
char JSONCutter::before(size_t comma) const {
    while (comma > 0 && is_json_space(body[comma - 1])) comma--;
    return comma > 0 ? body[comma - 1] : '\0';
}

char JSONCutter::after(size_t comma) const {
    while (++comma < body.size() && is_json_space(body[comma])) {}
    return comma < body.size() ? body[comma] : '\0';
}

bool JSONCutter::guess(size_t byte_count, JSONPiece &piece) {
    if (open != "{[" || cut_depth != 2) return false;
    if (body.size() - at <= 2 * byte_count) {
        piece = {at, body.size(), open, {}, true, false};
        at = body.size();
        return true;
    }
    const char opening = after(at - 1);
    if (opening != '[' && opening != '{') return false;
    const std::string_view near = body.substr(0, at + 2 * byte_count);
    size_t comma = near.find(',', at + byte_count);
    while (comma != near.npos && (before(comma) != (opening == '[' ? ']' : '}') || after(comma) != opening)) {
        comma = near.find(',', comma + 1);
    }
    if (comma == near.npos) return false;
    piece = {at, comma, open, open, false, false};
    at = comma + 1;
    return true;
}

void append_opening(std::string &text, std::string_view brackets) {
    for (size_t depth = 0; depth < brackets.size(); depth++) {
        if (depth > 0 && brackets[depth - 1] == '{') text += "\"\":";
        text += brackets[depth];
    }
}

void append_closing(std::string &text, std::string_view brackets) {
    for (size_t depth = brackets.size(); depth-- > 0;) text += brackets[depth] == '[' ? ']' : '}';
}
