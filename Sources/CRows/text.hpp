#pragma once

#include "CRows.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/// Hashes of texts, so that a view of one finds it.
struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <typename Value> using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

inline std::string_view view(const made_text &text) {
    return text.count == 0 ? std::string_view() : std::string_view(text.bytes, text.count);
}

inline made_text as_text(std::string_view text) {
    return {text.data(), text.size()};
}

inline bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/// `text` without outer blanks.
std::string_view trimmed(std::string_view text);

/// The Unicode normal form C of `text` without outer blanks: a part of it, or what `scratch` is made to hold.
std::string_view normalised(std::string_view text, std::string &scratch);

/// Gives each later one of equal names the first number that makes it another: `a`, `a`, `a` become `a`, `a.1`, `a.2`.
/// Empty names stay.
void number_repeats(std::vector<std::string> &names);

/// The first characters of UTF-8 text that fit into `byte_count` bytes.
std::string_view cut(std::string_view text, size_t byte_count);
