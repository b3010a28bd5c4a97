#include "date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

namespace {

constexpr std::array<std::string_view, 12> month_names = {
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
};
constexpr std::array<std::string_view, 7> weekday_names = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};
constexpr size_t short_name = 3;
constexpr double seconds_a_day = 86400;

bool is_letter(char byte) {
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

bool equals(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

/// Reads a text from left to right, and writes the pattern as it goes.
class DateParser {
public:
    DateParser(std::string_view text, made_date_order order, Date &date) : text(text), order(order), date(date) {}

    bool read() {
        if (read_day()) return is_over() || (read_separator() && read_time() && finish());
        restart();
        return read_time() && finish();
    }

private:
    std::string_view text;
    const made_date_order order;
    Date &date;
    size_t at = 0;
    bool is_compact = false;

    bool is_over() const { return at == text.size(); }
    char peek() const { return is_over() ? '\0' : text[at]; }
    void restart() {
        at = 0;
        date = Date();
    }

    /// Digits, at most 14; their number is `count`.
    bool read_digits(int64_t &value, size_t &count) {
        size_t start = at;
        while (at < text.size() && is_digit(text[at])) at++;
        count = at - start;
        return count > 0 && count <= 14
               && std::from_chars(text.data() + start, text.data() + at, value).ec == std::errc();
    }

    bool read_literal(char byte) {
        if (peek() != byte || is_over()) return false;
        date.pattern += text[at++];
        return true;
    }

    /// A name, or its first three letters; its index.
    template <size_t count> bool read_name(const std::array<std::string_view, count> &names, const char *codes, int64_t &index) {
        size_t end = at;
        while (end < text.size() && is_letter(text[end])) end++;
        std::string_view word = text.substr(at, end - at);
        if (word.size() < short_name) return false;
        for (size_t name = 0; name < count; name++) {
            bool is_whole = equals(word, names[name]);
            if (!is_whole && !equals(word, names[name].substr(0, short_name))) continue;
            at = end;
            // May is no abbreviation, and is written as one.
            bool is_long = is_whole && word.size() > short_name;
            date.pattern += {'%', is_long ? codes[1] : codes[0]};
            index = int64_t(name);
            return true;
        }
        return false;
    }

    /// One or two digits.
    bool read_field(char code, int64_t &value) {
        size_t count = 0;
        if (!read_digits(value, count) || count > 2) return false;
        date.pattern += '%';
        if (count == 1) date.pattern += '-';
        date.pattern += code;
        return true;
    }

    bool read_year(int64_t &year) {
        size_t count = 0;
        if (!read_digits(year, count) || (count != 2 && count != 4)) return false;
        // As POSIX has it.
        if (count == 2) year += year < 69 ? 2000 : 1900;
        date.pattern += count == 2 ? "%y" : "%Y";
        return true;
    }

    bool set_day(int64_t year, int64_t month, int64_t day) {
        namespace ch = std::chrono;
        ch::year_month_day civil{ch::year(int(year)), ch::month(unsigned(month)), ch::day(unsigned(day))};
        if (year < 1 || year > 9999 || month > 12 || day > 31 || !civil.ok()) return false;
        date.seconds = double(ch::sys_days(civil).time_since_epoch().count()) * seconds_a_day;
        date.facts |= MADE_DATE_HAS_DAY;
        return true;
    }

    bool read_day() {
        int64_t weekday = 0;
        if (is_letter(peek()) && read_name(weekday_names, "aA", weekday)) {
            read_literal(',');
            if (!read_literal(' ')) return false;
        }
        if (is_letter(peek())) return read_month_name_first();
        size_t start = at, count = 0;
        int64_t first = 0;
        if (!read_digits(first, count)) return false;
        if (count == 8 || count == 14) return set_compact(first, count);
        at = start;
        return count == 4 ? read_year_first() : read_year_last();
    }

    /// 20240301 and 20240301101530.
    bool set_compact(int64_t digits, size_t count) {
        date.pattern += "%Y%m%d";
        is_compact = true;
        int64_t time = count == 14 ? digits % 1'000'000 : 0, day = count == 14 ? digits / 1'000'000 : digits;
        // Eight digits may be anything.
        if (day / 10000 < 1900 || day / 10000 > 2100 || !set_day(day / 10000, day / 100 % 100, day % 100)) return false;
        if (count == 8) return true;
        date.pattern += "%H%M%S";
        return set_time(time / 10000, time / 100 % 100, time % 100, 0) && is_over();
    }

    bool read_year_first() {
        int64_t year = 0, month = 0, day = 0;
        if (!read_year(year)) return false;
        char separator = peek();
        if (separator != '-' && separator != '/' && separator != '.') return false;
        read_literal(separator);
        if (is_letter(peek()) ? !read_name(month_names, "bB", month) || ++month < 1 : !read_field('m', month)) return false;
        if (is_over()) {
            // 2024-03 is a month.
            if (separator == '.' || year < 1900 || year > 2100 || !date.pattern.ends_with("%m")) return false;
            date.facts |= MADE_DATE_IS_MONTH;
            return set_day(year, month, 1);
        }
        return read_literal(separator) && read_field('d', day) && set_day(year, month, day);
    }

    bool read_year_last() {
        int64_t first = 0, second = 0, year = 0;
        bool is_day_first = order == MADE_DAY_FIRST || (order == MADE_USUAL_ORDER && is_before_point());
        if (!read_field(is_day_first ? 'd' : 'm', first)) return false;
        bool has_two_digits = !date.pattern.ends_with("-d") && !date.pattern.ends_with("-m");
        char separator = peek();
        if (separator != '-' && separator != '/' && separator != '.' && separator != ' ') return false;
        read_literal(separator);
        bool has_name = is_letter(peek());
        if (has_name) {
            size_t field = date.pattern.find_last_of("dm");
            date.pattern[field] = 'd';
            if (!read_name(month_names, "bB", second)) return false;
            second++;
        } else {
            if (separator == ' ' || !read_field(is_day_first ? 'm' : 'd', second)) return false;
            has_two_digits = has_two_digits && date.pattern[date.pattern.size() - 2] == '%';
        }
        if (separator == ' ') read_literal(',');
        if (!read_literal(separator) || !read_year(year)) return false;
        // 1.2.10 is a version.
        if (separator == '.' && date.pattern.ends_with("%y") && !has_two_digits) return false;
        if (has_name) return set_day(year, second, first);
        int64_t day = is_day_first ? first : second, month = is_day_first ? second : first;
        if (!set_day(year, month, day)) return false;
        if (day > 12) date.facts |= MADE_DATE_SHOWS_ORDER;
        return true;
    }

    /// Whether digits and a point come next.
    bool is_before_point() const {
        size_t end = at;
        while (end < text.size() && is_digit(text[end])) end++;
        return end < text.size() && text[end] == '.';
    }

    /// Whether a separator and the four digits of a year are all that is left.
    bool is_year_next() const {
        std::string_view rest = text.substr(at);
        return rest.size() == 5 && (rest[0] == '-' || rest[0] == '/' || rest[0] == ' ')
               && std::all_of(rest.begin() + 1, rest.end(), is_digit);
    }

    /// Mar 1, 2024.
    bool read_month_name_first() {
        int64_t month = 0, day = 0, year = 0;
        if (!read_name(month_names, "bB", month)) return false;
        if (is_year_next()) {
            // Mar-2024 is a month.
            read_literal(peek());
            date.facts |= MADE_DATE_IS_MONTH;
            return read_year(year) && is_over() && set_day(year, month + 1, 1);
        }
        read_literal('.');
        if (!read_literal(' ') || !read_field('d', day)) return false;
        read_literal(',');
        return read_literal(' ') && read_year(year) && set_day(year, month + 1, day);
    }

    bool read_separator() {
        return read_literal('T') || read_literal('t') || read_literal(' ') || read_literal(':');
    }

    bool set_time(int64_t hour, int64_t minute, int64_t second, double fraction) {
        bool is_midnight = hour == 24 && minute == 0 && second == 0 && fraction == 0;
        if ((hour > 23 && !is_midnight) || minute > 59 || second > 60) return false;
        date.seconds += double(hour * 3600 + minute * 60 + second) + fraction;
        date.facts |= MADE_DATE_HAS_TIME;
        return true;
    }

    bool read_time() {
        size_t start = at, hour_at = date.pattern.size(), count = 0;
        int64_t hour = 0, minute = 0, second = 0;
        double fraction = 0;
        if (!read_digits(hour, count)) return false;
        if (is_compact && (count == 4 || count == 6)) {
            date.pattern += count == 4 ? "%H%M" : "%H%M%S";
            int64_t time = count == 4 ? hour * 100 : hour;
            return set_time(time / 10000, time / 100 % 100, time % 100, 0);
        }
        at = start;
        if (!read_field('H', hour) || !read_literal(':') || !read_two('M', minute)) return false;
        if (read_literal(':') && !(read_two('S', second) && read_fraction(fraction))) return false;
        return read_half(hour, hour_at) && set_time(hour, minute, second, fraction);
    }

    bool read_two(char code, int64_t &value) {
        return read_field(code, value) && date.pattern[date.pattern.size() - 2] == '%';
    }

    bool read_fraction(double &fraction) {
        if (peek() != '.' && peek() != ',') return true;
        read_literal(peek());
        size_t start = at;
        while (at < text.size() && is_digit(text[at])) at++;
        size_t count = at - start;
        if (count == 0 || count > 9) return false;
        // A decimal's double is that of the digits over a power of ten.
        double digits = 0;
        std::from_chars(text.data() + start, text.data() + at, digits);
        fraction = digits / std::pow(10.0, double(count));
        date.pattern += '%';
        date.pattern += char('0' + count);
        date.pattern += 'f';
        return true;
    }

    /// AM or PM, if the hour is one of twelve.
    bool read_half(int64_t &hour, size_t hour_at) {
        size_t start = at + (peek() == ' ');
        std::string_view half = text.substr(std::min(start, text.size()), 2);
        bool is_morning = equals(half, "am");
        if (!is_morning && !equals(half, "pm")) return true;
        if (hour < 1 || hour > 12) return false;
        if (start > at) read_literal(' ');
        at += 2;
        date.pattern[date.pattern.find('H', hour_at)] = 'I';
        date.pattern += half[0] >= 'a' ? "%P" : "%p";
        hour = hour % 12 + (is_morning ? 0 : 12);
        return true;
    }

    /// Reads the zone, which stays as it is written.
    bool finish() {
        std::string_view rest = text.substr(at);
        date.pattern += rest;
        if (rest.starts_with(' ')) rest.remove_prefix(1);
        if (rest.empty() || equals(rest, "z") || equals(rest, "utc") || equals(rest, "gmt")) return text.substr(at) != " ";
        if (rest.front() != '+' && rest.front() != '-') return false;
        rest.remove_prefix(1);
        bool has_colon = rest.size() == 5 && rest[2] == ':';
        size_t digit_count = size_t(std::count_if(rest.begin(), rest.end(), is_digit));
        return has_colon ? digit_count == 4 : digit_count == rest.size() && (digit_count == 2 || digit_count == 4);
    }
};

/// Seconds as what they are written of.
struct Civil {
    std::chrono::year_month_day day;
    /// 0: Monday.
    size_t weekday;
    int hour, minute, second;
    double fraction;

    explicit Civil(double seconds) {
        namespace ch = std::chrono;
        double days = std::floor(seconds / seconds_a_day), rest = seconds - days * seconds_a_day;
        ch::sys_days date{ch::days(int(days))};
        day = date;
        weekday = ch::weekday(date).iso_encoding() - 1;
        auto whole = int(std::floor(rest));
        fraction = rest - whole;
        hour = whole / 3600;
        minute = whole / 60 % 60;
        second = whole % 60;
    }
};

void append(std::string &to, long value, size_t width) {
    std::string digits = std::to_string(value);
    if (digits.size() < width) to.append(width - digits.size(), '0');
    to += digits;
}

/// Writes what a code of a pattern stands for; `places` are those of a fraction.
void append(std::string &to, char code, bool is_padded, size_t places, const Civil &civil) {
    size_t width = is_padded ? 2 : 1;
    auto year = int(civil.day.year());
    auto month = unsigned(civil.day.month());
    switch (code) {
    case 'Y': return append(to, year, 4);
    case 'y': return append(to, year % 100, 2);
    case 'm': return append(to, month, width);
    case 'd': return append(to, unsigned(civil.day.day()), width);
    case 'b': to += month_names[month - 1].substr(0, short_name); return;
    case 'B': to += month_names[month - 1]; return;
    case 'a': to += weekday_names[civil.weekday].substr(0, short_name); return;
    case 'A': to += weekday_names[civil.weekday]; return;
    case 'H': return append(to, civil.hour, width);
    case 'I': return append(to, (civil.hour + 11) % 12 + 1, width);
    case 'p': to += civil.hour < 12 ? "AM" : "PM"; return;
    case 'P': to += civil.hour < 12 ? "am" : "pm"; return;
    case 'M': return append(to, civil.minute, 2);
    case 'S': return append(to, civil.second, 2);
    case 'f': {
        double unit = std::pow(10.0, double(places));
        return append(to, long(std::min(std::round(civil.fraction * unit), unit - 1)), places);
    }
    default: to += code;
    }
}

} // namespace

bool Date::read(std::string_view text, made_date_order order) {
    constexpr size_t longest = 64;
    *this = Date();
    return !text.empty() && text.size() <= longest && DateParser(text, order, *this).read();
}

double made_part_number(made_part part, double seconds, double origin) {
    if (std::isnan(seconds)) return seconds;
    double days = std::floor(seconds / seconds_a_day);
    switch (part) {
    case MADE_PART_VALUE:
    case MADE_PART_ELAPSED: return seconds;
    case MADE_PART_WEEKDAY: return double(Civil(seconds).weekday);
    case MADE_PART_MONTH: return double(unsigned(Civil(seconds).day.month()) - 1);
    case MADE_PART_TIME: {
        double time = seconds - days * seconds_a_day - origin;
        return time < 0 ? time + seconds_a_day : time;
    }
    }
    return seconds;
}

bool made_read_date(made_text text, made_date_order order, made_date *date) {
    std::string scratch;
    Date found;
    if (!found.read(normalised(view(text), scratch), order) || found.pattern.size() >= sizeof date->pattern) return false;
    date->seconds = found.seconds;
    date->facts = found.facts;
    std::memcpy(date->pattern, found.pattern.c_str(), found.pattern.size() + 1);
    return true;
}

/// The seconds of which `pattern` writes multiples.
static double seconds_written(std::string_view pattern) {
    double unit = seconds_a_day;
    for (size_t at = 0; at + 1 < pattern.size(); at++) {
        if (pattern[at] != '%') continue;
        at += 1 + (pattern[at + 1] == '-');
        if (at + 1 < pattern.size() && is_digit(pattern[at])) return std::pow(10.0, '0' - pattern[at]);
        char code = at < pattern.size() ? pattern[at] : ' ';
        if (code == 'H' || code == 'I') unit = std::min(unit, 3600.0);
        if (code == 'M') unit = std::min(unit, 60.0);
        if (code == 'S') unit = std::min(unit, 1.0);
    }
    return unit;
}

size_t made_write_date(double seconds, made_text pattern, char *to, size_t capacity) {
    std::string_view rest = view(pattern);
    double unit = seconds_written(rest);
    // The years 1 to 9999.
    Civil civil(std::round(std::clamp(seconds, -62135596800.0, 253402300799.0) / unit) * unit);
    std::string text;
    while (!rest.empty()) {
        char byte = rest.front();
        rest.remove_prefix(1);
        if (byte != '%' || rest.empty()) {
            text += byte;
            continue;
        }
        bool is_padded = rest.front() != '-';
        if (!is_padded) rest.remove_prefix(1);
        size_t places = 0;
        if (!rest.empty() && is_digit(rest.front())) {
            places = size_t(rest.front() - '0');
            rest.remove_prefix(1);
        }
        if (rest.empty()) break;
        append(text, rest.front(), is_padded, places, civil);
        rest.remove_prefix(1);
    }
    if (text.size() <= capacity) std::memcpy(to, text.data(), text.size());
    return text.size();
}

double made_swap_day_and_month(double seconds) {
    namespace ch = std::chrono;
    Civil civil(seconds);
    ch::year_month_day swapped{
        civil.day.year(), ch::month(unsigned(civil.day.day())), ch::day(unsigned(civil.day.month()))};
    if (!swapped.ok()) return seconds;
    return seconds + double((ch::sys_days(swapped) - ch::sys_days(civil.day)).count()) * seconds_a_day;
}
