#include "text.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utf8proc.h>
#include <vector>

static constexpr std::string_view no_break_space = "\u00A0", byte_order_mark = "\uFEFF";

static bool is_ascii_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/// Bytes of the blank that `text` begins with; 0 where it begins with none.
static size_t leading_blank(std::string_view text) {
    if (text.empty()) return 0;
    if (is_ascii_blank(text.front())) return 1;
    if (text.starts_with(no_break_space)) return no_break_space.size();
    return text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
}

static size_t trailing_blank(std::string_view text) {
    if (text.empty()) return 0;
    if (is_ascii_blank(text.back())) return 1;
    if (text.ends_with(no_break_space)) return no_break_space.size();
    return text.ends_with(byte_order_mark) ? byte_order_mark.size() : 0;
}

std::string_view trimmed(std::string_view text) {
    while (size_t count = leading_blank(text)) text.remove_prefix(count);
    while (size_t count = trailing_blank(text)) text.remove_suffix(count);
    return text;
}

static bool is_ascii(std::string_view text) {
    unsigned char all = 0;
    for (char byte : text) all |= static_cast<unsigned char>(byte);
    return all < 0x80;
}

/// Decomposes `text`; false where it is no UTF-8.
static bool decompose(std::string_view text, std::vector<utf8proc_int32_t> &points) {
    auto bytes = reinterpret_cast<const utf8proc_uint8_t *>(text.data());
    for (auto left = utf8proc_ssize_t(text.size()); left > 0;) {
        utf8proc_int32_t point = 0, parts[32];
        auto byte_count = utf8proc_iterate(bytes, left, &point);
        if (byte_count <= 0) return false;
        int boundary = 0;
        auto count = utf8proc_decompose_char(point, parts, 32, UTF8PROC_DECOMPOSE, &boundary);
        if (count < 0 || count > 32) return false;
        points.insert(points.end(), parts, parts + count);
        bytes += byte_count;
        left -= byte_count;
    }
    return true;
}

/// Orders each run of combining marks (Unicode Standard, section 3.11). utf8proc would take time quadratic in its length.
static void order_marks(std::vector<utf8proc_int32_t> &points) {
    auto mark_class = [](utf8proc_int32_t point) { return uint64_t(utf8proc_get_property(point)->combining_class); };
    constexpr int point_bits = 21, class_shift = 56;
    std::vector<uint64_t> marks;
    for (size_t at = 0; at < points.size(); at++) {
        size_t start = at;
        marks.clear();
        for (; at < points.size() && mark_class(points[at]) != 0; at++) {
            // Those of the same class stay in their order.
            marks.push_back(mark_class(points[at]) << class_shift | uint64_t(at - start) << point_bits | uint32_t(points[at]));
        }
        if (marks.size() < 2) continue;
        std::sort(marks.begin(), marks.end());
        for (uint64_t mark : marks) points[start++] = utf8proc_int32_t(mark & ((1u << point_bits) - 1));
    }
}

/// Writes the normal form C of `text` to `to`; false where it is no UTF-8.
static bool compose(std::string_view text, std::string &to) {
    std::vector<utf8proc_int32_t> points;
    points.reserve(text.size());
    if (!decompose(text, points)) return false;
    order_marks(points);
    auto count = utf8proc_normalize_utf32(
        points.data(), utf8proc_ssize_t(points.size()), utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (count < 0) return false;
    to.clear();
    for (utf8proc_ssize_t index = 0; index < count; index++) {
        utf8proc_uint8_t bytes[4];
        auto byte_count = utf8proc_encode_char(points[size_t(index)], bytes);
        to.append(reinterpret_cast<const char *>(bytes), size_t(byte_count));
    }
    return true;
}

std::string_view normalised(std::string_view text, std::string &scratch) {
    text = trimmed(text);
    // ASCII is in every normal form.
    if (is_ascii(text) || !compose(text, scratch)) return text;
    return scratch;
}

std::string_view cut(std::string_view text, size_t byte_count) {
    if (text.size() <= byte_count) return text;
    while (byte_count > 0 && (static_cast<unsigned char>(text[byte_count]) & 0xC0) == 0x80) byte_count--;
    return text.substr(0, byte_count);
}

size_t made_normalise(made_text text, char *to, size_t capacity) {
    std::string scratch;
    std::string_view result = trimmed(view(text));
    try {
        result = normalised(result, scratch);
    } catch (const std::bad_alloc &) {
        // As it stands.
    }
    if (!result.empty() && result.size() <= capacity) std::memcpy(to, result.data(), result.size());
    return result.size();
}

void number_repeats(std::vector<std::string> &names) {
    TextSet taken(names.begin(), names.end());
    if (taken.size() == names.size()) return;
    TextMap<size_t> numbers;
    for (std::string &name : names) {
        if (name.empty()) continue;
        auto [entry, is_first] = numbers.emplace(name, 0);
        if (is_first) continue;
        std::string other;
        do {
            other = name + "." + std::to_string(++entry->second);
        } while (!taken.insert(other).second);
        name = other;
    }
}
