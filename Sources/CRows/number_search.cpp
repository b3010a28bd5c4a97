#include "number_form.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <utf8proc.h>

namespace {

/// What may be a part of a unit.
enum class Mark { none, symbol, letter, joint };

struct Point {
    Mark mark;
    size_t byte_count;
};

} // namespace

static Point first_point(std::string_view text) {
    utf8proc_int32_t point = 0;
    auto bytes = reinterpret_cast<const utf8proc_uint8_t *>(text.data());
    auto byte_count = utf8proc_iterate(bytes, utf8proc_ssize_t(text.size()), &point);
    if (byte_count <= 0) return {Mark::none, 0};
    auto category = utf8proc_category(point);
    constexpr utf8proc_int32_t per_mille = 0x2030, degree = 0xB0, squared = 0xB2, cubed = 0xB3;
    bool is_symbol = point == '%' || point == per_mille || category == UTF8PROC_CATEGORY_SC;
    if (is_symbol) return {Mark::symbol, size_t(byte_count)};
    bool is_letter = (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) || point == degree;
    bool is_joint = point == '/' || point == squared || point == cubed;
    return {is_letter ? Mark::letter : is_joint ? Mark::joint : Mark::none, size_t(byte_count)};
}

/// Most letters of a unit beside a number, and of one with a space between.
static constexpr int adjacent_letters_max = 3, word_letters_max = 12;

/// The unit that `text` begins with: a currency, percent or per mille sign, or at most `letters_max` letters, degree signs
/// and what joins them; empty where there is none.
static std::string_view leading_unit(std::string_view text, int letters_max) {
    Point first = first_point(text);
    if (first.mark == Mark::symbol) return text.substr(0, first.byte_count);
    size_t end = 0;
    for (int count = 0;; count++) {
        Point point = first_point(text.substr(end));
        if (point.mark != Mark::letter && (point.mark != Mark::joint || count == 0)) return text.substr(0, end);
        if (count == letters_max) return {};
        end += point.byte_count;
    }
}

/// `text` without the mark that it begins or, behind a unit, ends with.
static std::string_view without(std::string_view text, char mark) {
    if (text.starts_with(mark)) text.remove_prefix(1);
    else if (text.ends_with(mark)) text.remove_suffix(1);
    return text;
}

/// The unit of the number that `text` may be; empty where it has none.
static std::string_view find_unit(std::string_view text) {
    text = trimmed(text);
    size_t first_digit = text.find_first_of("0123456789"), last_digit = text.find_last_of("0123456789");
    if (first_digit == std::string_view::npos) return {};
    std::string_view before = text.substr(0, first_digit);
    before = without(before, '(');
    take_sign(before);
    drop_leading_spaces(before);
    std::string_view unit = leading_unit(before, adjacent_letters_max);
    // Letters right before digits are a code, A1, and no unit.
    bool is_code = unit.size() == before.size() && first_point(unit).mark == Mark::letter;
    if (!unit.empty()) return is_code ? std::string_view() : unit;
    std::string_view after = without(text.substr(last_digit + 1), ')');
    // A point may end a number: "5. kg".
    if (after.starts_with('.') || after.starts_with(',')) after.remove_prefix(1);
    size_t byte_count = after.size();
    drop_leading_spaces(after);
    // After a space it may be a word, or a quotient: 12 days, 80 km/h.
    return leading_unit(after, after.size() < byte_count ? word_letters_max : adjacent_letters_max);
}

static bool reads_all(std::span<const made_text> texts, const made_number_form &form) {
    return std::all_of(texts.begin(), texts.end(), [&](const made_text &text) {
        Decimal decimal;
        return read_number(view(text), form, decimal);
    });
}

bool made_find_number_form(const made_text *texts, size_t count, bool prefers_decimal_comma, made_number_form *form) {
    std::span<const made_text> all(texts, count);
    *form = {};
    try {
        if (reads_all(all, *form)) return true;
        auto is_in_parentheses = [](const made_text &text) { return view(text).find('(') != std::string_view::npos; };
        auto count = std::count_if(all.begin(), all.end(), is_in_parentheses);
        // Where all of them are, they say nothing of signs.
        form->has_parentheses = count > 0 && size_t(count) < all.size();
        for (const made_text &text : all) {
            std::string_view unit = find_unit(view(text));
            if (unit.empty()) continue;
            form->unit = as_text(unit);
            break;
        }
        // A mark that could be either is what the preferred forms, which come first, take it for; where it is surely the other,
        // they do not read all texts.
        for (bool has_decimal_comma : {prefers_decimal_comma, !prefers_decimal_comma}) {
            form->has_decimal_comma = has_decimal_comma;
            for (char separator : {'\0', has_decimal_comma ? '.' : ',', '\'', '_', ' '}) {
                form->group_separator = separator;
                if (reads_all(all, *form)) return true;
            }
        }
    } catch (const std::bad_alloc &) {
        // As if there were none.
    }
    *form = {};
    return false;
}
