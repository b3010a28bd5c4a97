#pragma once

#include "text.hpp"

#include <cstdint>
#include <limits>

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
