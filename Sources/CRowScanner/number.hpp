#pragma once

#include <string_view>

/// Whether `text` is a number by JSON's grammar (RFC 8259, section 6), however large.
inline bool is_json_number(std::string_view text) {
    size_t at = 0;
    auto digits = [&] {
        size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') at++;
        return at > first;
    };
    if (at < text.size() && text[at] == '-') at++;
    size_t first = at;
    if (!digits()) return false;
    if (text[first] == '0' && at - first > 1) return false;
    if (at < text.size() && text[at] == '.') {
        at++;
        if (!digits()) return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
        if (!digits()) return false;
    }
    return at == text.size();
}
