#include "number.hpp"

#include <algorithm>
#include <charconv>

/// Beyond it a number of up to 2^30 digits is 0 or infinite anyway.
static constexpr int shift_max = 1 << 30;

bool Decimal::read(std::string_view text) {
    const char *at = text.data(), *end = at + text.size();
    is_negative = at < end && *at == '-';
    bool has_plus = at < end && *at == '+';
    at += is_negative || has_plus;
    const char *first = at;
    uint64_t digits = 0;
    while (at < end && is_digit(*at)) digits = digits * 10 + uint64_t(*at++ - '0');
    size_t whole = size_t(at - first), fraction = 0;
    bool has_point = at < end && *at == '.';
    if (has_point) {
        const char *point = at++;
        while (at < end && is_digit(*at)) digits = digits * 10 + uint64_t(*at++ - '0');
        fraction = size_t(at - point - 1);
    }
    if (whole + fraction == 0) return false;
    exponent = -int(fraction);
    has_leading_zero = whole > 1 && *first == '0';
    digit_count = has_point || has_plus || at < end ? 0 : whole;
    mantissa = int64_t(digits);
    is_exact = true;
    if (whole + fraction > digits_max) count_digits({first, size_t(at - first)});
    if (at < end && !read_exponent(at, end)) return false;
    if (!is_exact || !exact_double(mantissa, exponent, value)) value = nearest_double({first, size_t(end - first)});
    value = with_sign(value, is_negative);
    return true;
}

/// Of more digits than the mantissa surely holds: those that count begin after leading zeros.
void Decimal::count_digits(std::string_view digits) {
    int count = 0;
    mantissa = 0;
    for (char byte : digits) {
        if (byte == '.') continue;
        count += count > 0 || byte != '0';
        if (count > digits_max) {
            is_exact = false;
            return;
        }
        mantissa = mantissa * 10 + (byte - '0');
    }
}

bool Decimal::read_exponent(const char *at, const char *end) {
    if ((*at | 0x20) != 'e') return false;
    at++;
    bool is_below = at < end && *at == '-';
    at += is_below || (at < end && *at == '+');
    if (at == end) return false;
    int shift = 0;
    for (; at < end; at++) {
        if (!is_digit(*at)) return false;
        shift = shift < shift_max / 16 ? shift * 10 + (*at - '0') : shift_max;
    }
    exponent += is_below ? -shift : shift;
    return true;
}

/// `text` is a number without a sign.
double Decimal::nearest_double(std::string_view text) const {
    double nearest = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nearest);
    if (error != std::errc::result_out_of_range) return nearest;
    // It does not say whether the number is too large or too small; the place of its first digit does.
    int64_t place = exponent, digit_count = 0;
    for (char byte : text) {
        if ((byte | 0x20) == 'e') break;
        digit_count += is_digit(byte) && (digit_count > 0 || byte != '0');
    }
    return digit_count > 0 && place + digit_count > 0 ? std::numeric_limits<double>::infinity() : 0;
}

bool Decimal::is_beyond_doubles(std::string_view text) const {
    if (digit_count == 0 || (is_exact && mantissa <= exact_max)) return false;
    char digits[400];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, value < 0 ? -value : value, std::chars_format::fixed);
    text.remove_prefix(std::min(text.find_first_of("123456789"), text.size()));
    return error != std::errc() || std::string_view(digits, size_t(end - digits)) != text;
}

void Decimal::drop_noise() {
    // Sums and products of short numbers go wrong in the last of a double's 16 or 17 digits.
    constexpr int64_t long_min = 1'000'000'000'000'000, short_max = 10'000'000'000;
    constexpr int kept_digits = 13;
    if (exponent >= 0 || (is_exact && mantissa < long_min)) return;
    char digits[32];
    auto [end, error] = std::to_chars(
        digits, digits + sizeof digits, value < 0 ? -value : value, std::chars_format::scientific, kept_digits - 1);
    Decimal kept;
    if (error != std::errc() || !kept.read({digits, size_t(end - digits)})) return;
    for (; kept.mantissa != 0 && kept.mantissa % 10 == 0; kept.exponent++) kept.mantissa /= 10;
    if (kept.mantissa >= short_max) return;
    kept.is_negative = is_negative;
    *this = kept;
}

bool write_number_key(std::string_view text, std::string &key) {
    Decimal decimal;
    if (!decimal.read(text) || decimal.has_leading_zero) return false;
    key.assign(decimal.is_negative ? "-" : "");
    size_t sign = key.size();
    for (char byte : text) {
        if ((byte | 0x20) == 'e') break;
        if (is_digit(byte) && (key.size() > sign || byte != '0')) key.push_back(byte);
    }
    if (key.size() == sign) {
        key.assign("0");
        return true;
    }
    // Exponents that were not read to their end are not told apart.
    if (decimal.exponent >= shift_max / 2 || decimal.exponent <= -shift_max / 2) return false;
    int exponent = decimal.exponent;
    for (; key.back() == '0'; exponent++) key.pop_back();
    key.append("e").append(std::to_string(exponent));
    return true;
}

bool write_whole_number(std::string_view text, std::string &spelling) {
    constexpr int zeros_max = 1024;
    if (!write_number_key(text, spelling)) return false;
    size_t mark = spelling.find('e');
    if (mark == std::string::npos) return true;
    int exponent = 0;
    std::from_chars(spelling.data() + mark + 1, spelling.data() + spelling.size(), exponent);
    if (exponent < 0 || exponent > zeros_max) return false;
    spelling.resize(mark);
    spelling.append(size_t(exponent), '0');
    return true;
}

bool is_json_number(std::string_view text) {
    size_t at = 0;
    auto digits = [&] {
        size_t first = at;
        while (at < text.size() && is_digit(text[at])) at++;
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
