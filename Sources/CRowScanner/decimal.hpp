#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

/// A number as it is written: mantissa · 10^exponent.
struct Decimal {
    double value = 0;
    /// Without trailing zeros where `exponent` is below 0.
    int64_t mantissa = 0;
    int exponent = 0;
    /// False where the mantissa has more digits than it holds.
    bool is_exact = true;

    static constexpr int digits_max = 18;

    /// Reads `text`: digits with at most one sign, point and exponent, as a float can hold it; false where it is none.
    bool read(std::string_view text, bool allows_leading_zero) {
        *this = {};
        size_t at = !text.empty() && (text[0] == '-' || text[0] == '+');
        bool is_negative = at == 1 && text[0] == '-';
        size_t first = at, digit_count = 0, point = std::string_view::npos;
        bool has_digits = false;
        for (; at < text.size(); at++) {
            char byte = text[at];
            if (byte == '.' && point == std::string_view::npos) {
                point = at;
            } else if (byte >= '0' && byte <= '9') {
                has_digits = true;
                digit_count += digit_count > 0 || byte != '0';
                if (digit_count <= digits_max) mantissa = mantissa * 10 + (byte - '0');
            } else {
                break;
            }
        }
        if (!has_digits) return false;
        size_t whole_end = point == std::string_view::npos ? at : point;
        if (!allows_leading_zero && whole_end - first > 1 && text[first] == '0') return false;
        is_exact = digit_count <= digits_max;
        exponent = point == std::string_view::npos ? 0 : -int(at - point - 1);
        if (!read_exponent(text.substr(at)) || !read_value(text.substr(first))) return false;
        if (is_negative) value = -value;
        while (exponent < 0 && mantissa % 10 == 0 && mantissa != 0) {
            mantissa /= 10;
            exponent++;
        }
        if (mantissa == 0) exponent = 0;
        return true;
    }

private:
    bool read_exponent(std::string_view text) {
        if (text.empty()) return true;
        if (text[0] != 'e' && text[0] != 'E') return false;
        text.remove_prefix(1);
        if (!text.empty() && text[0] == '+') {
            text.remove_prefix(1);
            if (!text.empty() && text[0] == '-') return false;
        }
        int shift = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), shift);
        if (error != std::errc() || end != text.data() + text.size()) return false;
        // Beyond this the value is 0 or infinite anyway, and the sum must not overflow.
        if (shift > 100000 || shift < -100000) shift = shift < 0 ? -100000 : 100000;
        exponent += shift;
        return true;
    }

    /// `text` has no sign.
    bool read_value(std::string_view text) {
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc::result_out_of_range && exponent < 0) {
            // Too small for a double, which a long fraction such as 0.000…01 can be too.
            value = 0;
            return true;
        }
        return error == std::errc() && end == text.data() + text.size() && std::isfinite(float(value));
    }
};
