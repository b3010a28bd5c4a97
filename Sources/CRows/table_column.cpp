#include "table_column.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

static double boxed(uint64_t bits) { return std::bit_cast<double>(bits); }

TableColumn::TableColumn(std::string_view name, const TableUse &given) : name(name), use(given), facts{} {
    use.form.unit = {use.unit.data(), use.unit.size()};
    facts.minimum = std::numeric_limits<double>::infinity();
    facts.maximum = -std::numeric_limits<double>::infinity();
    facts.is_decimal = facts.is_rising = true;
}

double TableColumn::read(std::string_view cell, size_t line, bool is_plain) {
    double seconds = 0;
    if (use.use == MADE_CELL_DATE) {
        // The first dates are kept as they are written, should the column turn out to be one of labels.
        bool is_kept = number_text_count < MADE_NUMBER_TEXTS_MAX || indices.contains(cell);
        if (is_kept || !read_date(cell, seconds)) return read_text(cell, line, is_plain);
        facts.number_count++;
        return seconds;
    }
    bool keeps_numbers = use.use == MADE_CELL_ANY && number_text_count < MADE_NUMBER_TEXTS_MAX;
    Decimal decimal;
    // A column of numbers that are not kept as texts has few texts, if any: its cells are looked up last.
    bool is_lone_number = use.use != MADE_CELL_TEXT && !keeps_numbers && (is_plain || ::is_plain(use.form))
                          && decimal.read(cell) && !is_code(decimal, cell);
    if (!is_lone_number) return read_text(cell, line, is_plain);
    facts.number_count++;
    note(decimal);
    return decimal.value;
}

/// Reads a cell as a date, by the column's order or, where that is none of it, by another.
bool TableColumn::read_date(std::string_view cell, double &seconds) {
    std::string scratch;
    std::string_view text = normalised(cell, scratch);
    Date date;
    if (!date.read(text, use.order) && !date.read(text, MADE_MONTH_FIRST) && !date.read(text, MADE_DAY_FIRST)) return false;
    last_date = {find_pattern(date.pattern), (date.facts & MADE_DATE_SHOWS_ORDER) != 0};
    count(last_date);
    facts.date_facts |= date.facts;
    facts.minimum = std::min(facts.minimum, date.seconds);
    facts.maximum = std::max(facts.maximum, date.seconds);
    facts.is_decimal = facts.is_rising = false;
    seconds = date.seconds;
    return true;
}

/// A pattern that both are cases of, where they differ in leading zeros; empty where they differ in more.
static std::string merged(std::string_view known, std::string_view pattern) {
    std::string merged;
    size_t at = 0;
    for (char byte : pattern) {
        // A minus that the known one lacks: two digits do not tell whether one would do.
        bool is_minus = byte == '-' && !merged.empty() && merged.back() == '%';
        if (at < known.size() && known[at] == byte) {
            at++;
        } else if (at < known.size() && known[at] == '-' && !merged.empty() && merged.back() == '%') {
            merged += '-';
            at++;
            if (at >= known.size() || known[at++] != byte) {
                at = 0;
                break;
            }
        } else if (!is_minus) {
            at = 0;
            break;
        }
        merged += byte;
    }
    return at == known.size() && !known.empty() ? merged : std::string();
}

/// The place of a pattern among those of the column, `patterns_max` of one too many.
size_t TableColumn::find_pattern(std::string_view pattern) {
    for (size_t index = 0; index < patterns.size(); index++) {
        if (patterns[index].text == pattern) return index;
    }
    for (size_t index = 0; index < patterns.size(); index++) {
        std::string both = merged(patterns[index].text, pattern);
        if (both.empty() || both.size() >= sizeof facts.date_pattern) continue;
        patterns[index].text = both;
        return index;
    }
    if (patterns.size() == patterns_max || pattern.size() >= sizeof facts.date_pattern) return patterns_max;
    patterns.push_back({std::string(pattern), 0});
    return patterns.size() - 1;
}

/// Counts one more cell of a date.
void TableColumn::count(WrittenDate date) {
    if (date.pattern >= patterns.size()) return;
    patterns[date.pattern].count++;
    const std::string &text = patterns[date.pattern].text;
    if (date.shows_order) (text.find('d') < text.find('m') ? facts.day_first_count : facts.month_first_count)++;
    auto commonest = std::max_element(patterns.begin(), patterns.end(), [](const Pattern &one, const Pattern &other) {
        return one.count < other.count;
    });
    std::copy(commonest->text.begin(), commonest->text.end(), facts.date_pattern);
    facts.date_pattern[commonest->text.size()] = 0;
}

double TableColumn::read_text(std::string_view cell, size_t line, bool is_plain) {
    // Texts are mostly written as they are kept.
    auto entry = indices.find(cell);
    std::string scratch;
    std::string_view text = cell;
    if (entry == indices.end()) {
        text = normalised(cell, scratch);
        if (text.empty()) return missing();
        bool is_cut = text.size() > MADE_TEXT_BYTES_MAX;
        if (is_cut) text = cut(text, MADE_TEXT_BYTES_MAX);
        entry = indices.find(text);
        if (is_cut && entry == indices.end()) facts.cut_text_count++;
    }
    if (entry != indices.end()) {
        Text &known = texts[entry->second];
        known.count++;
        if (known.is_number) note_order(known.decimal);
        if (known.is_number && use.use == MADE_CELL_DATE) count(known.date);
        return boxed(MADE_TEXT_BITS + entry->second);
    }
    Decimal decimal;
    if (use.use == MADE_CELL_DATE && read_date(text, decimal.value)) return add_text(text, line, &decimal, false);
    bool is_number = read_decimal(text, is_plain, decimal), is_a_code = is_number && is_code(decimal, text);
    if (is_number) note(decimal);
    bool keeps_numbers = use.use == MADE_CELL_ANY && number_text_count < MADE_NUMBER_TEXTS_MAX;
    bool may_be_lone = use.use != MADE_CELL_TEXT && use.use != MADE_CELL_DATE && !keeps_numbers;
    if (is_number && !is_a_code && may_be_lone) {
        facts.number_count++;
        return decimal.value;
    }
    return add_text(text, line, is_number ? &decimal : nullptr, is_a_code);
}

bool TableColumn::read_decimal(std::string_view cell, bool is_plain, Decimal &decimal) const {
    bool is_number = is_plain ? decimal.read(cell) : read_number(cell, use.form, decimal);
    return is_number && std::isfinite(decimal.value);
}

/// Under MADE_CELL_ANY some numbers are rather texts: 007, and those that would not stay apart. Infinite ones always are.
bool TableColumn::is_code(const Decimal &decimal, std::string_view cell) const {
    if (!std::isfinite(decimal.value)) return true;
    return use.use == MADE_CELL_ANY && (decimal.has_leading_zero || decimal.is_beyond_doubles(cell));
}

double TableColumn::add_text(std::string_view text, size_t line, const Decimal *decimal, bool is_code) {
    if (texts.size() == MADE_TEXTS_MAX) {
        facts.lost_text_count++;
        return boxed(MADE_LOST_TEXT_BITS);
    }
    auto index = uint32_t(texts.size());
    Text &added = texts.emplace_back(Text{std::string(text), line, 1, decimal != nullptr, is_code, {}, last_date});
    if (decimal != nullptr) added.decimal = *decimal;
    indices.emplace(added.text, index);
    number_text_count += decimal != nullptr && !is_code;
    return boxed(MADE_TEXT_BITS + index);
}

void TableColumn::note(const Decimal &decimal) {
    facts.minimum = std::min(facts.minimum, decimal.value);
    facts.maximum = std::max(facts.maximum, decimal.value);
    note_order(decimal);
    note_digits(decimal);
    if (!facts.is_decimal) return;
    Decimal written = decimal;
    int64_t &mantissa = written.mantissa;
    int &exponent = written.exponent;
    written.drop_noise();
    while (exponent < 0 && mantissa != 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        exponent++;
    }
    facts.is_decimal = written.is_exact;
    if (facts.is_decimal) note_divisor(mantissa, mantissa == 0 ? 0 : exponent);
}

void TableColumn::note_order(const Decimal &decimal) {
    if (!facts.is_rising) return;
    facts.is_rising = !has_last || decimal.value > last.value
                      // Whole numbers that one double stands for.
                      || (decimal.value == last.value && decimal.is_exact && last.is_exact && decimal.exponent == 0
                          && last.exponent == 0 && decimal.value > 0 && decimal.mantissa > last.mantissa);
    last = decimal;
    has_last = true;
}

void TableColumn::note_digits(const Decimal &decimal) {
    if (has_unwritten_digits) return;
    auto count = int(std::min<size_t>(decimal.digit_count, MADE_CELL_BYTES_MAX));
    has_unwritten_digits = count == 0;
    facts.digits_max = has_unwritten_digits ? 0 : std::max(facts.digits_max, count);
    facts.digits_min = has_unwritten_digits ? 0 : facts.digits_min == 0 ? count : std::min(facts.digits_min, count);
}

/// Takes the number units · 10^exponent into the greatest common divisor.
void TableColumn::note_divisor(int64_t units, int exponent) {
    int decimals = std::max(0, -exponent);
    facts.is_decimal = exponent <= Decimal::digits_max && decimals <= Decimal::digits_max;
    for (; facts.is_decimal && facts.decimals < decimals; facts.decimals++) {
        facts.is_decimal = !__builtin_mul_overflow(facts.divisor, int64_t(10), &facts.divisor);
    }
    // Multiples of 1 all numbers are.
    if (!facts.is_decimal || facts.divisor == 1) return;
    for (int place = -exponent; facts.is_decimal && place < facts.decimals; place++) {
        facts.is_decimal = !__builtin_mul_overflow(units, int64_t(10), &units);
    }
    if (!facts.is_decimal) return;
    if (facts.divisor == 0 || units % facts.divisor != 0) facts.divisor = std::gcd(facts.divisor, units);
}
