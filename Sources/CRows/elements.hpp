#pragma once

#include "json.hpp"

#include <cmath>

/// Which values of JSON the elements of a tensor may be.
class Elements {
public:
    explicit Elements(made_element_type type);

    /// Whether a number that was read as `number` is one of them; false also where a double is too coarse to tell.
    bool hold(double number) const {
        return number >= least && number <= greatest && (!is_whole || number == std::floor(number));
    }
    /// Whether `token` is one of them, or null; a number that stands for a truth becomes it.
    bool hold(JSONToken &token) const;

private:
    made_element_type type;
    /// Of doubles, the least and the greatest.
    double least, greatest;
    bool is_whole;

    bool hold_digits(std::string_view text) const;
};
