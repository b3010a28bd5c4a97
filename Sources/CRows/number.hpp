#pragma once

#include "text.hpp"

#include <bit>
#include <cstdint>
#include <limits>

/// Every whole number up to this one is a double.
constexpr int64_t exact_max = int64_t(1) << 53;

/// A number as it is written: mantissa · 10^exponent.
struct Decimal {
    double value = 0;
    /// Without the sign; without meaning where `is_exact` is false.
    int64_t mantissa = 0;
    int exponent = 0;
    bool is_negative = false;
    /// False where the mantissa has more digits than it holds.
    bool is_exact = true;
    /// The whole part has digits after a leading zero.
    bool has_leading_zero = false;
    /// Of a number that is written with digits and at most a minus; else 0.
    size_t digit_count = 0;

    static constexpr int digits_max = 18;

    /// Reads all of `text` in the plain form, without blanks; false where it is no number.
    bool read(std::string_view text);
    /// The number is whole, is written with digits alone, and is one that no double is.
    bool is_beyond_doubles(std::string_view text) const;
    /// Makes a number that binary arithmetic left beside a short one that one: 6.699999999999999 becomes 6.7.
    void drop_noise();

private:
    bool read_exponent(const char *at, const char *end);
    void count_digits(std::string_view digits);
    double nearest_double(std::string_view text) const;
};

/// Makes the double that is nearest to mantissa · 10^exponent where one rounding does it, as both operands are exact (Clinger
/// 1990); else false. `mantissa` is not negative.
inline bool exact_double(int64_t mantissa, int exponent, double &value) {
    static constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (mantissa > exact_max || exponent < -22 || exponent > 22) return false;
    value = exponent < 0 ? double(mantissa) / powers_of_ten[-exponent] : double(mantissa) * powers_of_ten[exponent];
    return true;
}

/// `value`, which is not negative, or its negative; 0 has no sign. About every other number of a table may be negative: a branch
/// would be mispredicted as often.
inline double with_sign(double value, bool is_negative) {
    return std::bit_cast<double>(std::bit_cast<uint64_t>(value) ^ (uint64_t(is_negative) << 63)) + 0.0;
}

inline bool is_plain(const made_number_form &form) {
    return !form.has_decimal_comma && form.group_separator == 0 && form.unit.count == 0 && !form.has_parentheses;
}

/// Reads `text`, outer blanks aside, by `form`; false where it is no number.
bool read_number(std::string_view text, const made_number_form &form, Decimal &decimal);

/// Makes `key` the same for every spelling of the same number, exactly, and different for others; false where `text` is no
/// number, or digits after a leading zero.
bool write_number_key(std::string_view text, std::string &key);

/// Makes `spelling` the digits of the whole number that `text` is; false where it is none, or one of very many digits.
bool write_whole_number(std::string_view text, std::string &spelling);

/// Whether `text` is a number by JSON's grammar (RFC 8259, section 6), however large.
bool is_json_number(std::string_view text);
