#include "scanner.hpp"

#include <bit>
#include <charconv>
#include <cstring>

// Lines as most encoders write them: objects with the same keys in the same order as the line before, without blanks or with
// one behind each colon and comma, whose values are numbers, words and texts without escapes. Such a line is read by its bytes,
// some three times as fast as by its tokens.

template <typename Word> static inline bool has_word(const char *text, const char *other) {
    Word one, two;
    std::memcpy(&one, text, sizeof one);
    std::memcpy(&two, other, sizeof two);
    return one == two;
}

/// Whether `text` begins with `prefix`; a call of `memcmp` would take longer than most keys.
static inline bool begins_with(const char *text, const char *end, std::string_view prefix) {
    const size_t count = prefix.size();
    const char *other = prefix.data();
    if (size_t(end - text) < count) return false;
    if (count < 4) return std::memcmp(text, other, count) == 0;
    if (count < 8) {
        return has_word<uint32_t>(text, other) && has_word<uint32_t>(text + count - 4, other + count - 4);
    }
    for (size_t at = 0; at + 8 < count; at += 8) {
        if (!has_word<uint64_t>(text + at, other + at)) return false;
    }
    return has_word<uint64_t>(text + count - 8, other + count - 8);
}

/// Adds the decimal digits that begin at `at`, which has MADE_SCAN_PADDING bytes behind it, to `digits`, which may overflow.
static inline void take_digits(const char *&at, uint64_t &digits) {
    if constexpr (std::endian::native == std::endian::little) {
        static constexpr uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
        while (true) {
            uint64_t word;
            std::memcpy(&word, at, 8);
            // Of each byte that is no digit the upper half is other than 3, or it is so once 6 is added.
            word ^= 0x3030303030303030;
            const uint64_t others = (word | (word + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0;
            const int count = others == 0 ? 8 : std::countr_zero(others) / 8;
            if (count == 0) return;
            // The first digit is the lowest byte: the digits go to the top, with zeros before them.
            word <<= 64 - 8 * count;
            word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
            word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
            word = (word * 10000 + (word >> 32)) & 0xFFFFFFFF;
            at += count;
            if (count < 8) {
                digits = digits * powers[count] + word;
                return;
            }
            digits = digits * 100000000 + word;
        }
    }
    for (; is_digit(*at); at++) digits = digits * 10 + uint64_t(*at - '0');
}

/// Takes the exponent that begins at `at`, if there is one; false where it is none of JSON.
static inline bool take_exponent(const char *&at) {
    if ((*at | 0x20) != 'e') return true;
    at++;
    at += *at == '-' || *at == '+';
    const char *first = at;
    while (is_digit(*at)) at++;
    return at > first;
}

/// Takes the number of JSON that begins at `at`, and is followed by something else; false where there is none, or one that is
/// too large or too small for a double.
static inline bool take_number(const char *&at, double &value) {
    const char *start = at;
    const bool is_negative = *at == '-';
    at += is_negative;
    const char *first = at;
    uint64_t digits = 0;
    while (is_digit(*at)) digits = digits * 10 + uint64_t(*at++ - '0');
    ptrdiff_t count = at - first;
    if (count == 0 || (*first == '0' && count > 1)) return false;
    int fraction = 0;
    if (*at == '.') {
        const char *point = ++at;
        take_digits(at, digits);
        fraction = int(at - point);
        if (fraction == 0) return false;
        count += fraction;
    }
    const bool has_exponent = (*at | 0x20) == 'e';
    if (count <= Decimal::digits_max && !has_exponent && exact_double(int64_t(digits), -fraction, value)) {
        value = with_sign(value, is_negative);
        return true;
    }
    return take_exponent(at) && std::from_chars(start, at, value).ec == std::errc();
}

/// Takes the string of JSON that begins at `at` and ends before `last`, and gives what is in it; false where it is of other
/// than ASCII, or has an escape.
static inline bool take_string(const char *&at, const char *last, std::string_view &text) {
    const char *first = ++at;
    while (at < last && *at != '"' && *at != '\\' && *at >= ' ' && *at < '\x7F') at++;
    if (at == last || *at != '"') return false;
    text = {first, size_t(at - first)};
    at++;
    return true;
}

/// Reads a body that is one row of the same fields as the last one that was read by its tokens; false where it has any other
/// form, or anything at all is wrong with it: then it is to be read by its tokens, which also finds what is wrong.
bool Pass::read_plain_row() {
    if (scanner.fields.empty() || kept != nullptr || body_bytes < 2) return false;
    // The last byte ends every loop, so that none runs beyond it.
    const char *at = body, *last = body + body_bytes - 1;
    while (last > at && (*last == '\r' || *last == ' ' || *last == '\t')) last--;
    if (*at++ != '{' || *last != '}' || !begin_row()) return false;
    is_object = true;
    const Column *columns = request.schema->columns.data();
    const PlainField *field = scanner.fields.data(), *end = field + scanner.fields.size();
    while (true) {
        if (!begins_with(at, last, field->key)) return false;
        at += field->key.size();
        at += *at == ' ';
        if (field->is_number && is_digit(at[*at == '-'])) {
            double exact, unused;
            if (!take_number(at, exact)) return false;
            columns[field->column].set_number(
                exact, row[field->column], numbers == nullptr ? unused : numbers[field->column]);
        } else if (!read_plain_value(at, last, field->column)) {
            return false;
        }
        if (++field == end) break;
        if (*at++ != ',') return false;
        at += *at == ' ';
    }
    if (at != last || is_faulty) return false;
    end_row();
    return true;
}

/// Reads the scalar at `at`, which ends before `last`; `column` may be one that is passed over.
bool Pass::read_plain_value(const char *&at, const char *last, size_t column) {
    const bool is_read = column < width;
    if (is_read && request.schema->reads_bits[column] && read_bit(at, column)) {
        at++;
        return true;
    }
    const char *start = at;
    JSONToken token;
    token.kind = JSONToken::Kind::scalar;
    if (*at == '"') {
        token.form = MADE_VALUE_STRING;
        if (!take_string(at, last, token.text)) return false;
    } else if (is_digit(at[*at == '-'])) {
        double exact;
        if (!take_number(at, exact)) return false;
        token.text = {start, size_t(at - start)};
    } else if (begins_with(at, last, "null")) {
        token.kind = JSONToken::Kind::null;
        at += 4;
    } else {
        token.form = MADE_VALUE_BOOLEAN;
        token.text = *at == 't' ? "true" : "false";
        if (!begins_with(at, last, token.text)) return false;
        at += token.text.size();
    }
    token.json = {start, size_t(at - start)};
    if (is_read) read_token(token, column, column);
    return true;
}
