#pragma once

#include "number.hpp"

/// Takes spaces of any kind off the front of `text`.
void drop_leading_spaces(std::string_view &text);

/// Takes a sign, which may be U+2212, off the front of `text`; 0 where there is none.
char take_sign(std::string_view &text);

/// Spells a number that is written by `form`, without outer blanks, in the plain form; false where it is surely none.
bool spell_plainly(std::string_view text, const made_number_form &form, std::string &plain);
