#include "elements.hpp"

#include <charconv>

Elements::Elements(made_element_type type) : type(type) {
    const int bits = int(type.bits);
    is_whole = type.kind == MADE_ELEMENT_INTEGER || type.kind == MADE_ELEMENT_UNSIGNED;
    greatest = std::numeric_limits<double>::infinity();
    if (type.kind == MADE_ELEMENT_TRUTH) {
        // No number is one as it stands.
        least = greatest;
        greatest = -greatest;
    } else if (is_whole) {
        // 2^n - 1 and -2^n, or where that is not told from the next number the doubles before.
        const double beyond = std::ldexp(1.0, type.kind == MADE_ELEMENT_INTEGER ? bits - 1 : bits);
        greatest = bits < 64 ? beyond - 1 : std::nextafter(beyond, 0.0);
        least = type.kind == MADE_ELEMENT_UNSIGNED ? 0 : bits < 64 ? -beyond : -greatest;
    } else {
        // From half a unit of the last place above its greatest number on, a type rounds to infinity.
        if (type.kind == MADE_ELEMENT_FLOAT && bits == 16) greatest = std::nextafter(0x1.ffep15, 0.0);
        if (type.kind == MADE_ELEMENT_FLOAT && bits == 32) greatest = std::nextafter(0x1.ffffffp127, 0.0);
        if (type.kind == MADE_ELEMENT_FLOAT && bits == 64) greatest = std::numeric_limits<double>::max();
        least = -greatest;
    }
}

bool Elements::hold(JSONToken &token) const {
    if (token.kind == JSONToken::Kind::null || type.kind == MADE_ELEMENT_ANY) return true;
    if (token.kind != JSONToken::Kind::scalar) return false;
    if (type.kind == MADE_ELEMENT_TRUTH && token.form == MADE_VALUE_BOOLEAN) return true;
    Decimal decimal;
    if (token.form != MADE_VALUE_NUMBER || !decimal.read(token.text)) return false;
    if (type.kind != MADE_ELEMENT_TRUTH) return hold(decimal.value) || hold_digits(token.text);
    if (decimal.value != 0 && decimal.value != 1) return false;
    token.form = MADE_VALUE_BOOLEAN;
    token.text = decimal.value == 1 ? "true" : "false";
    return true;
}

/// Whether `digits` are one of the last whole numbers of 64 bits, which as doubles are none.
bool Elements::hold_digits(std::string_view digits) const {
    if (!is_whole || type.bits < 64) return false;
    auto read = [&](auto number) {
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    return type.kind == MADE_ELEMENT_INTEGER ? read(int64_t()) : read(uint64_t());
}
