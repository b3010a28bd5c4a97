#include "scanner.hpp"

#include <algorithm>
#include <functional>

namespace od = simdjson::ondemand;

/// Values that are read before memory is asked for again.
static constexpr size_t accounted_values = 256 << 10;

/// Reads a body as `read_body` does, a part at a time, so that the parser's index has a bound.
bool Pass::read_in_pieces() {
    whole = {body, body_bytes};
    const size_t rows_depth = request.form == MADE_ROWS_SINGLE ? 1 : 2;
    const JSONCutter cutter(whole, request.schema == nullptr ? std::string_view() : view(request.member), rows_depth);
    const size_t known_malformed_row = malformed_row;
    if (request.form == MADE_ROWS_ARRAY && read_pieces(cutter, true)) return true;
    begin();
    malformed_row = known_malformed_row;
    reads_again = false;
    if (read_pieces(cutter, false) || status == MADE_SCAN_MEMORY_REFUSED) return status == MADE_SCAN_OK;
    // What a parser of the whole finds first comes first.
    auto error = cutter.check();
    if (!error) return false;
    reads_again = false;
    status = MADE_SCAN_OK;
    offset = nowhere;
    reason = nullptr;
    return fail(error);
}

/// - Parameter guesses: cuts between rows by their look; the body is to be read again without that where this fails.
bool Pass::read_pieces(JSONCutter cutter, bool guesses) {
    const size_t first = whole.find_first_not_of(" \n\r\t");
    if (first == whole.npos) return fail(simdjson::EMPTY);
    JSONPiece piece;
    if (whole[first] != '{') {
        if (whole[first] == '"') return stop(MADE_SCAN_NOT_OBJECT);
        piece.start = first;
        piece.end = first + 1;
        return read_piece(piece);
    }
    if (whole[whole.find_last_not_of(" \n\r\t")] != '}') return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT);
    do {
        // Most bodies begin with their rows: behind the first of them there is a guess.
        const size_t byte_count = guesses && cutter.position() == 0 ? 0 : part_bytes();
        if (!guesses || !cutter.guess(byte_count, piece)) cutter.next(byte_count, piece);
        if (!read_piece(piece) || !account()) return false;
    } while (!piece.is_last);
    if (piece.is_broken) return fail(simdjson::TAPE_ERROR);
    end_short_row();
    if (size_t after = whole.find_first_not_of(" \n\r\t", cutter.position()); after != whole.npos) {
        offset = ptrdiff_t(after);
        return stop(MADE_SCAN_TRAILING);
    }
    if (!scan.has_rows && request.is_required) refuse(MADE_SCAN_ROWS_MISSING, {});
    return true;
}

bool Pass::read_piece(const JSONPiece &piece) {
    const size_t byte_count = piece.end - piece.start;
    if (is_large(byte_count)) {
        // The part, its index, and its texts unescaped.
        large_part_bytes = std::max(large_part_bytes, 7 * byte_count);
        if (!account()) return false;
    }
    scanner.piece.clear();
    append_opening(scanner.piece, piece.before);
    piece_start = ptrdiff_t(piece.start) - ptrdiff_t(scanner.piece.size());
    scanner.piece.append(whole.substr(piece.start, byte_count));
    append_closing(scanner.piece, piece.after);
    body = scanner.piece.data();
    body_bytes = scanner.piece.size();
    scanner.piece.append(MADE_SCAN_PADDING, '\0');
    body = scanner.piece.data();
    json_type type;
    bool is_read = open(type) && (type == json_type::object || stop(MADE_SCAN_NOT_OBJECT))
                   && read_fields(piece.before.size() > 1) && (location() == nowhere || fail(simdjson::TAPE_ERROR));
    body = whole.data();
    body_bytes = whole.size();
    if (!is_read && offset != nowhere) offset += piece_start;
    return is_read;
}

/// Reads the object's members, the first of which may be one that an earlier part began.
bool Pass::read_fields(bool goes_on) {
    od::object object;
    if (auto error = document.get_object().get(object)) return fail(error);
    for (auto item : object) {
        od::field field;
        if (auto error = std::move(item).get(field)) return fail(error);
        if (goes_on) {
            if (!resume_member(field.value())) return false;
            goes_on = false;
        } else if (!read_member(field)) {
            return false;
        }
    }
    return true;
}

bool Pass::resume_member(value &value) {
    if (last_member == Member::rows) return read_elements(value);
    std::string_view text = token_text(value);
    if (!check(value, 1)) return false;
    if (last_member != Member::other) return true;
    made_text &json = scanner.members.back().json;
    if (!read_container_text(text.data(), text)) return false;
    // Where it goes on again, the last part says where it ends.
    const ptrdiff_t end = std::min(piece_start + (text.data() + text.size() - body), ptrdiff_t(whole.size()));
    json.count = size_t(whole.data() + end - json.bytes);
    return true;
}

/// The same text where it stays until the next scan: those in the body stand there, those that are unescaped are copied, as the
/// parser's memory is used for the next part.
std::string_view Pass::lasting(std::string_view text) {
    if (whole.data() == nullptr || text.data() == nullptr) return text;
    const char *start = scanner.piece.data();
    if (std::less_equal<>()(start, text.data()) && std::less<>()(text.data(), start + scanner.piece.size())) {
        const ptrdiff_t place = std::max(text.data() - start + piece_start, ptrdiff_t(0));
        return whole.substr(std::min(size_t(place), whole.size()), text.size());
    }
    text_bytes += text.size() + sizeof(std::string);
    return scanner.texts.emplace_back(text);
}

/// Asks for the memory that the scan holds; false where there is none.
bool Pass::account() {
    if (request.take_memory == nullptr) return true;
    const size_t value_bytes = sizeof(float) + (request.options.keeps_numbers ? sizeof(double) : 0);
    const size_t byte_count = (buffer.count - first_value) * value_bytes + scanner.errors.byte_count()
                              + (kept == nullptr ? 0 : kept->byte_count()) + text_bytes + large_part_bytes;
    accounted_count = buffer.count + accounted_values;
    return request.take_memory(request.memory_context, byte_count) || stop(MADE_SCAN_MEMORY_REFUSED);
}
