#include "scanner.hpp"

#include <new>
#include <utility>

namespace od = simdjson::ondemand;

made_row_scanner *made_row_scanner_create(void) {
    return new (std::nothrow) made_row_scanner;
}

void made_row_scanner_free(made_row_scanner *scanner) {
    delete scanner;
}

made_scan made_row_scanner_scan(
    made_row_scanner *scanner, const made_scan_request *request, const char *body, size_t body_bytes,
    made_row_buffer *buffer
) {
    size_t before = buffer->count;
    made_scan scan{};
    try {
        scanner->kept.reset();
        if (request->schema != nullptr && request->kept_count > 0) {
            scanner->kept.emplace(*request->schema, request->kept, request->kept_count);
        }
        KeptCells *kept = scanner->kept ? &*scanner->kept : nullptr;
        scan = Pass(*scanner, *request, body, body_bytes, *buffer, kept).run();
        if (kept != nullptr) scan.kept = kept->finish();
    } catch (const std::bad_alloc &) {
        scan.status = MADE_SCAN_OUT_OF_MEMORY;
    }
    if (scan.status != MADE_SCAN_OK) buffer->count = before;
    return scan;
}

Pass::Pass(
    made_row_scanner &scanner, const made_scan_request &request, const char *body, size_t body_bytes,
    made_row_buffer &buffer, KeptCells *kept
) : JSONReader(scanner.parser, body, body_bytes), scanner(scanner), request(request), buffer(buffer), kept(kept),
    first_value(buffer.count), elements(request.elements) {
    bool is_column = request.form == MADE_ROWS_COLUMN;
    width = request.schema == nullptr ? 0 : is_column ? 1 : request.schema->columns.size();
    expands = request.schema != nullptr && !is_column && request.schema->expands();
    stored_width = expands ? request.schema->variable_count() : width;
    if (!expands) return;
    scanner.row_values.resize(width);
    scanner.row_numbers.resize(width);
}

/// Forgets what was read so far.
void Pass::begin() {
    status = MADE_SCAN_OK;
    offset = nowhere;
    reason = nullptr;
    scan = {};
    text_bytes = tensor_count = 0;
    last_member = Member::none;
    accounted_count = request.take_memory == nullptr ? SIZE_MAX : first_value;
    buffer.count = first_value;
    scanner.errors.clear();
    scanner.members.clear();
    scanner.texts.clear();
    if (scanner.kept) scanner.kept->clear();
}

made_scan Pass::run() {
    begin();
    if (read_densely()) {
        account();
    } else {
        do {
            begin();
            if (is_large(body_bytes)) read_in_pieces();
            else read_body();
        } while (std::exchange(reads_again, false));
    }
    return finish();
}

made_scan Pass::run_row() {
    begin();
    if (read_dense_row()) return finish();
    begin();
    learns = scanner.plain_tries > 0;
    if (learns && read_plain_row()) {
        scanner.plain_tries = scanner.plain_tries_max;
        return finish();
    }
    if (learns) scanner.plain_tries--;
    bool is_read;
    do {
        begin();
        if (learns) scanner.fields.clear();
        is_read = read_lone_row();
    } while (std::exchange(reads_again, false));
    if (!is_read || is_faulty) scanner.fields.clear();
    return finish();
}

made_scan Pass::finish() {
    scan.status = status;
    scan.offset = offset;
    scan.reason = reason;
    scan.errors = scanner.errors.data();
    scan.error_count = scanner.errors.size();
    scan.members = scanner.members.data();
    scan.member_count = scanner.members.size();
    return scan;
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
    scanner.last_rows.assign(width, SIZE_MAX);
    if (!read_row(value)) return false;
    return location() == nowhere || stop(MADE_SCAN_TRAILING);
}

bool Pass::read_body() {
    json_type type;
    if (!open(type)) return false;
    if (type != json_type::object) return stop(MADE_SCAN_NOT_OBJECT);
    if (!read_fields(false)) return false;
    end_short_row();
    if (ptrdiff_t after = location(); after != nowhere) {
        offset = after;
        return stop(MADE_SCAN_TRAILING);
    }
    if (!scan.has_rows && request.is_required) refuse(MADE_SCAN_ROWS_MISSING, {});
    return true;
}

bool Pass::read_member(od::field &field) {
    std::string_view name;
    end_short_row();
    last_member = Member::none;
    if (auto error = field.unescaped_key().get(name)) return fail(error);
    if (request.schema == nullptr || name != view(request.member)) return add_member(name, field.value());
    if (scan.has_rows) {
        refuse(MADE_SCAN_DUPLICATE_MEMBER, name);
        return check(field.value(), 1);
    }
    scan.has_rows = true;
    return read_rows(field.value());
}

bool Pass::add_member(std::string_view name, value &value) {
    for (auto &member : scanner.members) {
        if (view(member.name) != name) continue;
        refuse(MADE_SCAN_DUPLICATE_MEMBER, name);
        return check(value, 1);
    }
    if (scanner.members.size() == members_max) return stop(MADE_SCAN_TOO_MANY_MEMBERS);
    std::string_view text = token_text(value);
    bool is_scalar = text.front() != '[' && text.front() != '{';
    if (!check(value, 1)) return false;
    if (!is_scalar && !read_container_text(text.data(), text)) return false;
    scanner.members.push_back({as_text(lasting(name)), as_text(lasting(text))});
    last_member = Member::other;
    return true;
}

/// Keeps the first objection to a body that is JSON so far; should it turn out not to be, that comes first.
void Pass::refuse(made_scan_status why, std::string_view name) {
    if (status != MADE_SCAN_OK) return;
    status = why;
    scan.name = as_text(lasting(name));
}
