#include "dense.hpp"

#include "scanner.hpp"

static bool is_space(char byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    return text;
}

/// Takes `prefix` off the front of `text`; false where it does not stand there.
static bool take(std::string_view &text, std::string_view prefix) {
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
    if (request.schema == nullptr || request.is_single_row || !request.schema->is_all_binary) return nullptr;
    size_t column_count = request.schema->columns.size();
    std::string_view text(body, body_bytes);
    std::string_view name(request.member.bytes, request.member.count);
    if (!take(text, "{\"") || !take(text, name) || !take(text, "\":")) return nullptr;
    take(text, " ");
    if (!take(text, "[") || column_count < 2 || text.size() < 4) return nullptr;
    DenseRows rows{column_count, text[3] == ' ' ? size_t(3) : size_t(2)};
    std::string_view separator = rows.stride == 3 ? ", " : ",";
    do {
        if (text.size() < rows.row_bytes() || !reserve_row()) return nullptr;
        if (!rows.read(text.data(), matrix.values + matrix.count)) return nullptr;
        matrix.count += column_count;
        scan.row_count++;
        text.remove_prefix(rows.row_bytes());
    } while (take(text, separator));
    if (!take(text, "]")) return nullptr;
    scan.has_rows = true;
    return text.data();
}

/// Reads what follows the rows: the end of the object, or more members.
bool Pass::read_tail(std::string_view tail) {
    tail = trimmed(tail);
    if (take(tail, "}")) return trimmed(tail).empty();
    if (!take(tail, ",")) return false;
    tail = trimmed(tail);
    if (tail.empty() || tail.front() != '"') return false;
    scanner.tail.assign("{").append(tail).append(MADE_SCAN_PADDING, ' ');
    std::string_view whole(body, body_bytes);
    body = scanner.tail.data();
    body_bytes = 1 + tail.size();
    bool is_read = read_body() && scan.status == MADE_SCAN_OK;
    body = whole.data();
    body_bytes = whole.size();
    return is_read;
}
