#pragma once

// simdjson's own checks of a debug build abort on states that a hostile body can reach.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include "number.hpp"

/// A value of JSON that was read and checked.
struct JSONToken {
    enum class Kind { null, scalar, container };

    Kind kind = Kind::null;
    /// Of a scalar.
    made_value_form form = MADE_VALUE_NUMBER;
    /// A scalar's text, strings unescaped; a container's JSON.
    std::string_view text;
    /// The JSON text of a scalar, or the bracket that opens a container.
    std::string_view json;
};

/// Reads one document. Functions that return bool return false where it ends, and `status` then says why.
///
/// simdjson's on-demand parser checks a value only when it is asked for, so every value is asked for, and a string only once:
/// its buffer holds no more.
class JSONReader {
public:
    using value = simdjson::ondemand::value;
    using json_type = simdjson::ondemand::json_type;

    static constexpr int depth_max = 64;
    static constexpr ptrdiff_t nowhere = -1;

    JSONReader(simdjson::ondemand::parser &parser, const char *body, size_t body_bytes)
        : parser(parser), body(body), body_bytes(body_bytes) {}

    simdjson::ondemand::document document;
    made_scan_status status = MADE_SCAN_OK;
    ptrdiff_t offset = nowhere;
    const char *reason = nullptr;

    bool open(json_type &type);
    /// Reads `value`, which is nested `depth` deep.
    bool take(value value, int depth, JSONToken &token);
    /// Checks all of `value`, which is nested `depth` deep.
    bool check(value value, int depth);
    bool fail(simdjson::error_code error);
    bool stop(made_scan_status why);
    /// Where the parser stands, bytes from the body's start; `nowhere` at its end.
    ptrdiff_t location();
    /// The text of the container that begins with `start` and was read to its end; false where the body ends before it.
    bool read_container_text(const char *start, std::string_view &text);

protected:
    simdjson::ondemand::parser &parser;
    const char *body;
    size_t body_bytes;

private:
    bool check_array(value &value, int depth);
    bool check_object(value &value, int depth);
    bool check_number(value &value);
};

/// JSON, which is valid, without the blanks that mean nothing; in `scratch`.
std::string_view compact_json(std::string_view text, std::string &scratch);

/// The JSON text of a scalar, or the bracket that opens a container.
inline std::string_view token_text(simdjson::ondemand::value &value) {
    std::string_view text = value.raw_json_token();
    size_t count = text.size();
    while (count > 0 && (text[count - 1] == ' ' || text[count - 1] == '\n' || text[count - 1] == '\r' || text[count - 1] == '\t'))
        count--;
    return text.substr(0, count);
}
