#include "json.hpp"

#include "utf8.hpp"

#include <bit>

namespace od = simdjson::ondemand;

/// Makes the parser large enough, and gives memory back that one huge body took.
static simdjson::error_code prepare(od::parser &parser, size_t body_bytes) {
    constexpr size_t kept_max = 4 << 20;
    if (parser.capacity() > kept_max && body_bytes <= kept_max) parser = od::parser();
    if (parser.capacity() >= body_bytes && parser.capacity() > 0) return simdjson::SUCCESS;
    return parser.allocate(std::bit_ceil(body_bytes | 4096), simdjson::DEFAULT_MAX_DEPTH);
}

bool JSONReader::open(json_type &type) {
    if (auto error = prepare(parser, body_bytes)) return fail(error);
    if (auto error = parser.iterate(body, body_bytes, body_bytes + MADE_SCAN_PADDING).get(document)) return fail(error);
    if (auto error = document.type().get(type)) return fail(error);
    return true;
}

bool JSONReader::take(value value, int depth, JSONToken &token) {
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    token.json = token.text = token_text(value);
    token.kind = JSONToken::Kind::scalar;
    switch (type) {
    case json_type::number:
        token.form = MADE_VALUE_NUMBER;
        return is_json_number(token.text) || fail(simdjson::NUMBER_ERROR);
    case json_type::string:
        token.form = MADE_VALUE_STRING;
        if (auto error = value.get_string().get(token.text)) return fail(error);
        return true;
    case json_type::boolean:
        token.form = MADE_VALUE_BOOLEAN;
        return check(value, depth);
    case json_type::null:
        token.kind = JSONToken::Kind::null;
        return check(value, depth);
    case json_type::array:
    case json_type::object:
        token.kind = JSONToken::Kind::container;
        if (!check(value, depth)) return false;
        return read_container_text(token.text.data(), token.text);
    }
    return fail(simdjson::TAPE_ERROR);
}

bool JSONReader::check(value value, int depth) {
    if (depth > depth_max) {
        offset = location();
        return stop(MADE_SCAN_TOO_DEEP);
    }
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    switch (type) {
    case json_type::array: return check_array(value, depth);
    case json_type::object: return check_object(value, depth);
    case json_type::string:
        if (auto error = value.get_string().error()) return fail(error);
        return true;
    case json_type::number: return check_number(value);
    case json_type::boolean:
        if (value.get_bool().error()) return fail(simdjson::T_ATOM_ERROR);
        return true;
    case json_type::null: {
        bool is_null = false;
        if (value.is_null().get(is_null) || !is_null) return fail(simdjson::N_ATOM_ERROR);
        return true;
    }
    }
    return fail(simdjson::TAPE_ERROR);
}

bool JSONReader::check_array(value &value, int depth) {
    od::array array;
    if (auto error = value.get_array().get(array)) return fail(error);
    for (auto item : array) {
        od::value element;
        if (auto error = std::move(item).get(element)) return fail(error);
        if (!check(element, depth + 1)) return false;
    }
    return true;
}

bool JSONReader::check_object(value &value, int depth) {
    od::object object;
    if (auto error = value.get_object().get(object)) return fail(error);
    for (auto item : object) {
        od::field field;
        if (auto error = std::move(item).get(field)) return fail(error);
        if (auto error = field.unescaped_key().error()) return fail(error);
        if (!check(field.value(), depth + 1)) return false;
    }
    return true;
}

/// A number may be too large for a double and still be JSON; the iterator then skips it.
bool JSONReader::check_number(value &value) {
    if (value.get_double().error() == simdjson::SUCCESS || is_json_number(token_text(value))) return true;
    return fail(simdjson::NUMBER_ERROR);
}

std::string_view compact_json(std::string_view text, std::string &scratch) {
    scratch.clear();
    bool is_string = false, is_escaped = false;
    for (char byte : text) {
        if (!is_string && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) continue;
        scratch.push_back(byte);
        if (byte == '"' && !is_escaped) is_string = !is_string;
        is_escaped = is_string && byte == '\\' && !is_escaped;
    }
    return scratch;
}

bool JSONReader::read_container_text(const char *start, std::string_view &text) {
    // The iterator stands on the comma or bracket after the container. Where a body ends before its brackets do, it takes the
    // byte behind the body for one, more than once, and then stands on the first of the body.
    const ptrdiff_t after = location();
    const ptrdiff_t end = after == nowhere ? ptrdiff_t(body_bytes) : after;
    if (end <= start - body || end > ptrdiff_t(body_bytes)) return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT);
    text = {start, size_t(end - (start - body))};
    text = text.substr(0, text.find_last_of("]}") + 1);
    return true;
}

ptrdiff_t JSONReader::location() {
    const char *at = nullptr;
    if (document.current_location().get(at)) return nowhere;
    return at - body;
}

bool JSONReader::stop(made_scan_status why) {
    status = why;
    return false;
}

static const char *reason_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::STRING_ERROR: return "a string with an invalid escape";
    case simdjson::UNESCAPED_CHARS: return "an unescaped control character";
    case simdjson::UNCLOSED_STRING: return "a string that is not closed";
    case simdjson::NUMBER_ERROR: return "a malformed number";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR: return "a word other than true, false and null";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "an array or object that is not closed";
    default: return "a value, comma, colon or bracket that is missing or out of place";
    }
}

bool JSONReader::fail(simdjson::error_code error) {
    switch (error) {
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return stop(MADE_SCAN_OUT_OF_MEMORY);
    case simdjson::EMPTY: return stop(MADE_SCAN_EMPTY);
    case simdjson::UTF8_ERROR:
        offset = ptrdiff_t(first_invalid_utf8({body, body_bytes}));
        return stop(MADE_SCAN_NOT_UTF8);
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: break;
    default:
        offset = location();
        if (offset > ptrdiff_t(body_bytes)) offset = nowhere;
        // A body that ends before its brackets do is read on at its start: there stands an opening bracket, or a blank, which
        // no token begins with.
        if (offset == 0 && body_bytes > 0 && std::string_view("{[ \t\r\n").find(*body) != std::string_view::npos) {
            offset = nowhere;
            error = simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
        }
    }
    reason = reason_of(error);
    return stop(MADE_SCAN_NOT_JSON);
}
