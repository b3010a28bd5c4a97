#include "dense.hpp"

#include "scanner.hpp"

#include <algorithm>

static std::string_view without_spaces(std::string_view text) {
    while (!text.empty() && is_json_space(text.front())) text.remove_prefix(1);
    return text;
}

/// Takes `prefix` off the front of `text`; false where it does not stand there.
static bool take_prefix(std::string_view &text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Reads a body whose first member is dense rows; false where it has any other form, or anything at all is wrong with it:
/// then it is to be read by its tokens, which also finds what is wrong.
bool Pass::read_densely() {
    const char *after = read_dense_rows();
    return after != nullptr && read_tail({after, size_t(body + body_bytes - after)});
}

/// Where the rows end; null where they are not dense.
const char *Pass::read_dense_rows() {
    bool is_matrix = request.form == MADE_ROWS_ARRAY || request.form == MADE_ROWS_TENSOR;
    if (request.schema == nullptr || !is_matrix || !request.schema->is_all_bits || kept != nullptr) return nullptr;
    size_t column_count = width;
    std::string_view text(body, body_bytes);
    std::string_view name = view(request.member);
    if (!take_prefix(text, "{\"") || !take_prefix(text, name) || !take_prefix(text, "\":")) return nullptr;
    take_prefix(text, " ");
    if (!take_prefix(text, "[") || column_count < 2 || text.size() < 4) return nullptr;
    DenseRows rows{column_count, text[3] == ' ' ? size_t(3) : size_t(2)};
    std::string_view separator = rows.stride == 3 ? ", " : ",";
    do {
        if (text.size() < rows.row_bytes() || !reserve_row()) return nullptr;
        if (!rows.read(text.data(), row)) return nullptr;
        if (numbers != nullptr) std::copy(row, row + column_count, numbers);
        buffer.count += column_count;
        scan.row_count++;
        text.remove_prefix(rows.row_bytes());
    } while (take_prefix(text, separator));
    if (!take_prefix(text, "]")) return nullptr;
    scan.has_rows = true;
    return text.data();
}

/// Reads a body that is one dense row; false where it has any other form.
bool Pass::read_dense_row() {
    if (kept != nullptr || !request.schema->is_all_bits || width < 2 || body_bytes < 4) return false;
    DenseRows rows{width, body[3] == ' ' ? size_t(3) : size_t(2)};
    if (body_bytes != rows.row_bytes() || !reserve_row() || !rows.read(body, row)) return false;
    if (numbers != nullptr) std::copy(row, row + width, numbers);
    buffer.count += width;
    scan.row_count++;
    return true;
}

/// Reads what follows the rows: the end of the object, or more members.
bool Pass::read_tail(std::string_view tail) {
    tail = without_spaces(tail);
    if (take_prefix(tail, "}")) return without_spaces(tail).empty();
    if (!take_prefix(tail, ",")) return false;
    tail = without_spaces(tail);
    if (tail.empty() || tail.front() != '"' || is_large(tail.size())) return false;
    scanner.tail.assign("{").append(tail).append(MADE_SCAN_PADDING, ' ');
    std::string_view whole(body, body_bytes);
    body = scanner.tail.data();
    body_bytes = 1 + tail.size();
    bool is_read = read_body() && status == MADE_SCAN_OK;
    body = whole.data();
    body_bytes = whole.size();
    return is_read;
}
