#pragma once

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
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

/// The number that all of `text` writes in decimal, infinite where it is beyond all doubles; nothing where it writes none.
inline std::optional<double> decimal_number(std::string_view text) {
    // `from_chars` knows names of what is no number: "nan", "inf".
    size_t digit = !text.empty() && text[0] == '-' ? 1 : 0;
    if (digit == text.size() || (text[digit] != '.' && (text[digit] < '0' || text[digit] > '9'))) return {};
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) return {};
    // It does not say whether the number is too large or too small.
    if (error == std::errc::result_out_of_range) return std::strtod(std::string(text).c_str(), nullptr);
    return number;
}

/// The same, nothing where it is infinite.
inline std::optional<double> finite_number(std::string_view text) {
    auto number = decimal_number(text);
    return number && std::isfinite(*number) ? number : std::nullopt;
}
