#pragma once

#include "text.hpp"

/// A date, a time of day or both, as they are written.
struct Date {
    /// Since 1970-01-01T00:00 by the calendar and the clock that were written, whatever their zone; of a time of day alone
    /// since midnight.
    double seconds = 0;
    /// The bits of `made_date_facts`.
    unsigned facts = 0;
    /// How it is written: see `made_write_date`.
    std::string pattern;

    /// Reads all of `text`, without outer blanks; false where it is none.
    bool read(std::string_view text, made_date_order order);
};
