#include "scanner.hpp"

#include "kept.hpp"

/// Reads a value for `column`, or one that is passed over, and keeps its text.
bool Pass::read_item(value &value, size_t column, size_t keep) {
    bool is_read = column < request.schema->columns.size() && !is_faulty;
    if (keep == KeptCells::none) return is_read ? read_value(value, column, column) : check(value, 3);
    JSONToken token;
    if (!take(value, 3, token)) return false;
    bool is_string = token.kind == JSONToken::Kind::scalar && token.form == MADE_VALUE_STRING;
    if (token.kind != JSONToken::Kind::null) kept->set(keep, token.text, !is_string);
    if (is_read) read_token(token, column, column);
    return true;
}

/// Reads a value of `column`, which is number `place` of its row.
bool Pass::read_value(value &value, size_t column, size_t place) {
    const Column &rules = request.schema->columns[column];
    if (rules.reads_bits && read_bit(value.raw_json_token().data(), place)) return true;
    double exact = 0, unused = 0;
    // What is no number, or none that a double holds, is still to be read; so is one of more digits than a 64-bit integer
    // has, which simdjson may read wrong where it begins with 0.
    bool is_short = value.raw_json_token().size() <= 19;
    if (rules.reads_plain_numbers && is_short && value.get_double().get(exact) == simdjson::SUCCESS && elements.hold(exact)) {
        rules.set_number(exact, row[place], numbers == nullptr ? unused : numbers[place]);
        return true;
    }
    JSONToken token;
    if (!take(value, 3, token)) return false;
    if (elements.hold(token)) read_token(token, column, place);
    else blame(MADE_ROW_WRONG_ELEMENT, column, token.json);
    return true;
}

/// Reads a lone 0 or 1, by far the most frequent value of a binary column; the iterator skips what is not asked for.
bool Pass::read_bit(const char *text, size_t place) {
    if ((text[0] | 1) != '1' || (text[1] != ',' && text[1] != ']' && text[1] != '}')) return false;
    row[place] = float(text[0] - '0');
    if (numbers != nullptr) numbers[place] = row[place];
    return true;
}

void Pass::read_token(const JSONToken &token, size_t column, size_t place) {
    const Column &rules = request.schema->columns[column];
    double unused = 0;
    float &value = row[place];
    double &number = numbers == nullptr ? unused : numbers[place];
    if (token.kind == JSONToken::Kind::null) {
        rules.set_missing(value, number, request.options);
        is_special = is_special || rules.is_special(value);
        return;
    }
    std::string scratch;
    made_row_fault kind = MADE_ROW_WRONG_TYPE;
    if (token.kind == JSONToken::Kind::container) {
        // To a table's reader it is a text, and may have been a label.
        if (request.form != MADE_ROWS_TENSOR && rules.has_json_labels)
            kind = rules.read(compact_json(token.text, scratch), MADE_VALUE_STRING, request.options, value, number);
    } else if (request.form == MADE_ROWS_TENSOR) {
        kind = rules.read_element(token.text, token.form, request.options, value, number);
    } else {
        kind = rules.read(token.text, token.form, request.options, value, number);
    }
    // A tensor's elements are numbers: that "1" is a string is what is wrong with it. Of an array or object its bracket tells.
    bool is_plain = token.kind != JSONToken::Kind::container && request.form != MADE_ROWS_TENSOR;
    bool shows_text = is_plain || kind == MADE_ROW_UNKNOWN_LABEL || rules.kind == MADE_COLUMN_CLOCK;
    if (kind != MADE_ROW_GOOD) return blame(kind, column, shows_text ? token.text : token.json);
    is_special = is_special || rules.is_special(value);
}
