#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

/// Where `text` stops being UTF-8 (RFC 3629, section 4); its size where it does not.
inline size_t first_invalid_utf8(std::string_view text) {
    auto byte = [&](size_t at) { return at < text.size() ? uint8_t(text[at]) : uint8_t(0); };
    size_t at = 0;
    while (at < text.size()) {
        uint64_t eight = 0;
        while (at + sizeof eight <= text.size()) {
            std::memcpy(&eight, text.data() + at, sizeof eight);
            if ((eight & 0x8080808080808080) != 0) break;
            at += sizeof eight;
        }
        if (at == text.size()) return at;
        uint8_t lead = byte(at);
        // The second byte's range excludes overlong forms, surrogates and code points over U+10FFFF.
        uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
        if (length == 0 || (length > 1 && (byte(at + 1) < low || byte(at + 1) > high))) return at;
        for (size_t next = 2; next < length; next++) {
            if ((byte(at + next) & 0xC0) != 0x80) return at;
        }
        at += length;
    }
    return at;
}
