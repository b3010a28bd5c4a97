#include "scanner.hpp"

#include "number.hpp"
#include "utf8.hpp"

#include <bit>
#include <new>

namespace od = simdjson::ondemand;

made_row_scanner *made_row_scanner_create(void) {
    return new (std::nothrow) made_row_scanner;
}

void made_row_scanner_free(made_row_scanner *scanner) {
    delete scanner;
}

made_scan made_row_scanner_scan(
    made_row_scanner *scanner, const made_scan_request *request, const char *body, size_t body_bytes,
    made_float_buffer *matrix
) {
    size_t kept = matrix->count;
    made_scan scan{};
    try {
        scan = Pass(*scanner, *request, body, body_bytes, *matrix).run();
    } catch (const std::bad_alloc &) {
        scan.status = MADE_SCAN_OUT_OF_MEMORY;
    }
    if (scan.status != MADE_SCAN_OK) matrix->count = kept;
    return scan;
}

/// Makes the parser large enough, and gives memory back that one huge body took.
static simdjson::error_code prepare(od::parser &parser, size_t body_bytes) {
    constexpr size_t kept_max = 4 << 20;
    if (parser.capacity() > kept_max && body_bytes <= kept_max) parser = od::parser();
    if (parser.capacity() >= body_bytes && parser.capacity() > 0) return simdjson::SUCCESS;
    return parser.allocate(std::bit_ceil(body_bytes | 4096), simdjson::DEFAULT_MAX_DEPTH);
}

Pass::Pass(
    made_row_scanner &scanner, const made_scan_request &request, const char *body, size_t body_bytes,
    made_float_buffer &matrix
) : scanner(scanner), request(request), body(body), body_bytes(body_bytes), matrix(matrix), first_value(matrix.count) {
    begin();
}

/// Forgets what was read so far.
void Pass::begin() {
    scan = {};
    scan.offset = nowhere;
    matrix.count = first_value;
    scanner.errors.clear();
    scanner.members.clear();
}

made_scan Pass::run() {
    if (!read_densely()) {
        begin();
        read_body();
    }
    return finish();
}

made_scan Pass::run_row() {
    begin();
    read_lone_row();
    return finish();
}

made_scan Pass::finish() {
    scan.errors = scanner.errors.data();
    scan.error_count = scanner.errors.size();
    scan.members = scanner.members.data();
    scan.member_count = scanner.members.size();
    return scan;
}

bool Pass::open(json_type &type) {
    if (auto error = prepare(scanner.parser, body_bytes)) return fail(error);
    if (auto error = scanner.parser.iterate(body, body_bytes, body_bytes + MADE_SCAN_PADDING).get(document)) {
        return fail(error);
    }
    if (auto error = document.type().get(type)) return fail(error);
    return true;
}

bool Pass::read_lone_row() {
    json_type type;
    if (!open(type)) return false;
    if (type != json_type::array && type != json_type::object) {
        scanner.errors.push_back({MADE_ROW_NOT_A_ROW, false, 0, 0, 0, {}});
        return true;
    }
    od::value value;
    if (auto error = document.get_value().get(value)) return fail(error);
    scanner.last_rows.assign(request.schema->columns.size(), SIZE_MAX);
    if (!read_row(value)) return false;
    return location() == SIZE_MAX || stop(MADE_SCAN_TRAILING);
}

bool Pass::read_body() {
    json_type type;
    if (!open(type)) return false;
    if (type != json_type::object) return stop(MADE_SCAN_NOT_OBJECT);
    od::object object;
    if (auto error = document.get_object().get(object)) return fail(error);
    for (auto item : object) {
        od::field field;
        if (auto error = std::move(item).get(field)) return fail(error);
        if (!read_member(field)) return false;
    }
    if (ptrdiff_t after = location(); after != nowhere) {
        scan.offset = after;
        return stop(MADE_SCAN_TRAILING);
    }
    if (!scan.has_rows && request.is_required) refuse(MADE_SCAN_ROWS_MISSING, {});
    return true;
}

bool Pass::read_member(od::field &field) {
    std::string_view name;
    if (auto error = field.unescaped_key().get(name)) return fail(error);
    if (request.schema == nullptr || name != std::string_view(request.member.bytes, request.member.count)) {
        return add_member(name, field.value());
    }
    if (scan.has_rows) {
        refuse(MADE_SCAN_DUPLICATE_MEMBER, name);
        return check(field.value(), 1);
    }
    scan.has_rows = true;
    return read_rows(field.value());
}

bool Pass::add_member(std::string_view name, value &value) {
    for (auto &member : scanner.members) {
        if (std::string_view(member.name.bytes, member.name.count) != name) continue;
        refuse(MADE_SCAN_DUPLICATE_MEMBER, name);
        return check(value, 1);
    }
    if (scanner.members.size() == members_max) return stop(MADE_SCAN_TOO_MANY_MEMBERS);
    std::string_view text = token_text(value);
    bool is_scalar = text.front() != '[' && text.front() != '{';
    if (!check(value, 1)) return false;
    if (!is_scalar) {
        // The iterator stands on the comma or brace after the container.
        ptrdiff_t start = text.data() - body, end = location();
        text = std::string_view(text.data(), size_t((end == nowhere ? ptrdiff_t(body_bytes) : end) - start));
        text = text.substr(0, text.find_last_of("]}") + 1);
    }
    scanner.members.push_back({view(name), view(text)});
    return true;
}

/// Checks all of `value`, which is nested `depth` deep.
bool Pass::check(value value, int depth) {
    if (depth > depth_max) {
        scan.offset = location();
        return stop(MADE_SCAN_TOO_DEEP);
    }
    json_type type;
    if (auto error = value.type().get(type)) return fail(error);
    switch (type) {
    case json_type::array: {
        od::array array;
        if (auto error = value.get_array().get(array)) return fail(error);
        for (auto item : array) {
            od::value element;
            if (auto error = std::move(item).get(element)) return fail(error);
            if (!check(element, depth + 1)) return false;
        }
        return true;
    }
    case json_type::object: {
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
    case json_type::string:
        if (auto error = value.get_string().error()) return fail(error);
        return true;
    case json_type::number:
        return check_number(value);
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

/// A number may be too large for a double and still be JSON; the iterator then skips it.
bool Pass::check_number(value &value) {
    if (value.get_double().error() == simdjson::SUCCESS || is_json_number(token_text(value))) return true;
    return fail(simdjson::NUMBER_ERROR);
}

/// Where the parser stands, bytes from the body's start; `nowhere` at its end.
ptrdiff_t Pass::location() {
    const char *at = nullptr;
    if (document.current_location().get(at)) return nowhere;
    return at - body;
}

bool Pass::stop(made_scan_status status) {
    scan.status = status;
    return false;
}

/// Keeps the first objection to a body that is JSON so far; should it turn out not to be, that comes first.
void Pass::refuse(made_scan_status status, std::string_view name) {
    if (scan.status != MADE_SCAN_OK) return;
    scan.status = status;
    scan.name = view(name);
}

static const char *reason(simdjson::error_code error) {
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

bool Pass::fail(simdjson::error_code error) {
    switch (error) {
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
        return stop(MADE_SCAN_OUT_OF_MEMORY);
    case simdjson::EMPTY:
        return stop(MADE_SCAN_EMPTY);
    case simdjson::UTF8_ERROR:
        scan.offset = ptrdiff_t(first_invalid_utf8({body, body_bytes}));
        return stop(MADE_SCAN_NOT_UTF8);
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        break;
    default:
        scan.offset = location();
        if (scan.offset > ptrdiff_t(body_bytes)) scan.offset = nowhere;
    }
    scan.reason = reason(error);
    return stop(MADE_SCAN_NOT_JSON);
}
