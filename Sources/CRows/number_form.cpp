#include "number_form.hpp"

#include <algorithm>
#include <new>

static constexpr std::string_view no_break_space = "\u00A0", narrow_space = "\u202F", minus_sign = "\u2212";

/// Bytes of the space of any kind that `text` begins with.
static size_t leading_space(std::string_view text) {
    if (text.starts_with(' ') || text.starts_with('\t')) return 1;
    if (text.starts_with(no_break_space)) return no_break_space.size();
    return text.starts_with(narrow_space) ? narrow_space.size() : 0;
}

void drop_leading_spaces(std::string_view &text) {
    while (size_t count = leading_space(text)) text.remove_prefix(count);
}

static void drop_trailing_spaces(std::string_view &text) {
    for (;;) {
        text = trimmed(text);
        if (!text.ends_with(narrow_space)) return;
        text.remove_suffix(narrow_space.size());
    }
}

char take_sign(std::string_view &text) {
    if (text.starts_with(minus_sign)) {
        text.remove_prefix(minus_sign.size());
        return '-';
    }
    if (!text.starts_with('-') && !text.starts_with('+')) return 0;
    char sign = text.front();
    text.remove_prefix(1);
    return sign;
}

/// Takes the unit, before or after, and the sign, before or after a leading unit, off `text`.
static char take_unit_and_sign(std::string_view &text, std::string_view unit) {
    char sign = take_sign(text);
    if (unit.empty()) return sign;
    std::string_view number = text;
    if (sign != 0) drop_leading_spaces(number);
    if (number.starts_with(unit)) {
        text = number.substr(unit.size());
        drop_leading_spaces(text);
        if (sign == 0) sign = take_sign(text);
    } else if (text.ends_with(unit)) {
        text.remove_suffix(unit.size());
        drop_trailing_spaces(text);
    }
    return sign;
}

/// Bytes of the group separator that `text` begins with; 0 where it begins with none.
static size_t leading_separator(std::string_view text, char separator) {
    if (separator == 0 || text.empty()) return 0;
    if (separator != ' ') return text.front() == separator;
    return text.front() == '\t' ? 0 : leading_space(text);
}

/// Moves the digits of the whole part from `text` to `plain`: groups of three after one of at most three, or no groups.
static bool take_whole(std::string_view &text, char separator, std::string &plain) {
    size_t group_count = 0, digit_count = 0;
    bool begins_with_zero = text.starts_with('0');
    for (;;) {
        while (!text.empty() && is_digit(text.front())) {
            plain.push_back(text.front());
            text.remove_prefix(1);
            digit_count++;
        }
        if (group_count > 0 && digit_count != 3) return false;
        size_t byte_count = leading_separator(text, separator);
        if (byte_count == 0) return true;
        // Nobody groups the digits after a zero: 0,123 has a comma of another kind.
        if (begins_with_zero || (group_count == 0 && (digit_count == 0 || digit_count > 3))) return false;
        text.remove_prefix(byte_count);
        group_count++;
        digit_count = 0;
    }
}

/// Takes the parentheses around `text` off it; false where there are none.
static bool take_parentheses(std::string_view &text) {
    if (!text.starts_with('(') || !text.ends_with(')')) return false;
    text = text.substr(1, text.size() - 2);
    drop_leading_spaces(text);
    drop_trailing_spaces(text);
    return true;
}

bool spell_plainly(std::string_view text, const made_number_form &form, std::string &plain) {
    // The unit is within or without: ($5), $(5).
    bool is_negative = form.has_parentheses && take_parentheses(text);
    char sign = take_unit_and_sign(text, view(form.unit));
    is_negative = is_negative || (form.has_parentheses && take_parentheses(text));
    if (is_negative && sign != 0) return false;
    if (is_negative) sign = '-';
    plain.assign(sign == '-' ? "-" : "");
    if (!take_whole(text, form.group_separator, plain)) return false;
    char point = form.has_decimal_comma ? ',' : '.';
    if (text.starts_with(point)) {
        plain.push_back('.');
        text.remove_prefix(1);
        while (!text.empty() && is_digit(text.front())) {
            plain.push_back(text.front());
            text.remove_prefix(1);
        }
    }
    if (!text.empty() && (text.front() | 0x20) != 'e') return false;
    plain.append(text);
    return true;
}

bool read_number(std::string_view text, const made_number_form &form, Decimal &decimal) {
    text = trimmed(text);
    if (is_plain(form) && !text.starts_with(minus_sign)) return decimal.read(text);
    std::string plain;
    if (!spell_plainly(text, form, plain) || !decimal.read(plain)) return false;
    if (plain != text) decimal.digit_count = 0;
    return true;
}

size_t made_number_label(made_text text, char *to, size_t capacity) {
    try {
        std::string label;
        if (!write_whole_number(view(text), label) && !write_number_key(view(text), label)) return 0;
        if (label.size() <= capacity) std::copy(label.begin(), label.end(), to);
        return label.size();
    } catch (const std::bad_alloc &) {
        return 0;
    }
}

bool made_read_number(made_text text, const made_number_form *form, double *number) {
    try {
        Decimal decimal;
        if (!read_number(view(text), *form, decimal)) return false;
        *number = decimal.value;
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}
