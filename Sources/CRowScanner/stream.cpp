#include "stream.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

made_stream_read made_row_stream::read(
    const char *bytes, size_t count, bool is_last, size_t rows_max, made_float_buffer &matrix
) {
    errors.clear();
    texts.clear();
    result = {};
    const char *at = bytes;
    try {
        read_rows(at, bytes + count, is_last, rows_max, matrix);
    } catch (const std::bad_alloc &) {
        stop(MADE_STREAM_OUT_OF_MEMORY);
    }
    result.byte_count = size_t(at - bytes);
    result.errors = errors.data();
    result.error_count = errors.size();
    return result;
}

void made_row_stream::blame(made_row_fault fault, size_t column, size_t found, std::string_view text) {
    const std::string &kept = texts.emplace_back(text.substr(0, 256));
    made_row_error error{};
    error.fault = fault;
    error.row = result.row_count;
    error.column = column;
    error.found = found;
    error.text = view(kept);
    errors.push_back(error);
}

void made_row_stream::stop(made_stream_status status, std::string_view name) {
    result.status = status;
    if (status != MADE_STREAM_OUT_OF_MEMORY) result.name = view(texts.emplace_back(name));
}

void append_row(const std::vector<float> &row, made_float_buffer &matrix) {
    if (matrix.count + row.size() > matrix.capacity) {
        size_t capacity = std::max({matrix.count + row.size(), matrix.capacity * 2, size_t(1024)});
        auto values = static_cast<float *>(std::realloc(matrix.values, capacity * sizeof(float)));
        if (values == nullptr) throw std::bad_alloc();
        matrix.values = values;
        matrix.capacity = capacity;
    }
    std::copy(row.begin(), row.end(), matrix.values + matrix.count);
    matrix.count += row.size();
}

void LineStream::read_rows(
    const char *&at, const char *end, bool is_last, size_t rows_max, made_float_buffer &matrix
) {
    while (result.row_count < rows_max) {
        auto line_end = at == end ? nullptr : static_cast<const char *>(std::memchr(at, '\n', size_t(end - at)));
        const char *stop = line_end == nullptr ? end : line_end;
        bool is_whole = line_end != nullptr || (is_last && (at < end || !held.empty() || is_skipping));
        if (!is_whole || !held.empty() || is_skipping || size_t(end - stop) < MADE_SCAN_PADDING) {
            hold(at, stop);
            at = line_end == nullptr ? end : line_end + 1;
            if (!is_whole) return;
            size_t count = held.size();
            held.append(MADE_SCAN_PADDING, '\0');
            read_line(held.data(), count, matrix);
            held.clear();
            is_skipping = false;
        } else {
            read_line(at, size_t(stop - at), matrix);
            at = line_end + 1;
        }
    }
}

void LineStream::hold(const char *start, const char *end) {
    if (held.size() + size_t(end - start) > line_bytes_max) is_skipping = true;
    if (is_skipping) {
        held.clear();
    } else if (start < end) {
        held.append(start, size_t(end - start));
    }
}

void LineStream::read_line(const char *line, size_t count, made_float_buffer &matrix) {
    if (is_skipping || count > line_bytes_max) {
        blame(MADE_ROW_MALFORMED, 0, 0, "a line of more than 1048576 bytes");
        result.row_count++;
        return;
    }
    made_scan_request request{};
    request.schema = &schema;
    request.rows_max = 1;
    request.values_max = SIZE_MAX;
    size_t kept = matrix.count;
    made_scan scan = Pass(scanner, request, line, count, matrix).run_row();
    if (scan.status != MADE_SCAN_OK) matrix.count = kept;
    switch (scan.status) {
    case MADE_SCAN_OK:
        result.missing_row_count += scan.missing_row_count;
        if (scan.error_count > 0) {
            const made_row_error &error = scan.errors[0];
            blame(error.fault, error.column, error.found, {error.text.bytes, error.text.count});
        }
        break;
    case MADE_SCAN_EMPTY: blame(MADE_ROW_MALFORMED, 0, 0, "the line is empty"); break;
    case MADE_SCAN_NOT_UTF8: blame(MADE_ROW_MALFORMED, 0, 0, "the line is not UTF-8"); break;
    case MADE_SCAN_TOO_DEEP: blame(MADE_ROW_MALFORMED, 0, 0, "arrays and objects are nested more than 64 deep"); break;
    case MADE_SCAN_TRAILING: blame(MADE_ROW_MALFORMED, 0, 0, "something follows the row"); break;
    case MADE_SCAN_OUT_OF_MEMORY: throw std::bad_alloc();
    default: blame(MADE_ROW_MALFORMED, 0, 0, std::string("the line is not JSON: ") + (scan.reason ? scan.reason : ""));
    }
    result.row_count++;
}

made_row_stream *made_row_stream_create(
    const made_row_schema *schema, made_stream_format format, made_stream_header header
) {
    if (format == MADE_STREAM_CSV) return new (std::nothrow) CSVStream(*schema, header);
    return new (std::nothrow) LineStream(*schema);
}

void made_row_stream_free(made_row_stream *stream) {
    delete stream;
}

made_stream_read made_row_stream_read(
    made_row_stream *stream, const char *bytes, size_t count, bool is_last, size_t rows_max, made_float_buffer *matrix
) {
    return stream->read(bytes, count, is_last, rows_max, *matrix);
}
