#include "stream.hpp"

#include <new>

made_stream_read made_row_stream::read(
    const char *bytes, size_t count, bool is_last, size_t rows_max, made_row_buffer &buffer
) {
    errors.clear();
    texts.clear();
    kept.clear();
    result = {};
    const char *at = bytes;
    try {
        read_rows(at, bytes + count, is_last, rows_max, buffer);
    } catch (const std::bad_alloc &) {
        stop(MADE_STREAM_OUT_OF_MEMORY);
    }
    result.byte_count = size_t(at - bytes);
    result.errors = errors.data();
    result.error_count = errors.size();
    result.kept = kept.finish();
    return result;
}

void made_row_stream::blame(made_row_error error) {
    constexpr size_t text_bytes_max = 256;
    error.row = result.row_count;
    error.text = as_text(texts.emplace_back(cut(view(error.text), text_bytes_max)));
    error.line = options.keeps_faulty_lines ? as_text(texts.emplace_back(line_bytes())) : made_text{};
    errors.push_back(error);
}

void made_row_stream::blame(std::string_view reason) {
    made_row_error error{};
    error.fault = MADE_ROW_MALFORMED;
    error.text = as_text(reason);
    blame(error);
}

void made_row_stream::stop(made_stream_status status, std::string_view name) {
    result.status = status;
    if (status != MADE_STREAM_OUT_OF_MEMORY) result.name = as_text(texts.emplace_back(name));
}

made_row_stream *made_row_stream_create(
    const made_row_schema *schema, made_row_options options, made_stream_format format, made_stream_header header,
    const made_text *kept, size_t kept_count
) {
    try {
        if (format == MADE_STREAM_CSV) return new CSVStream(*schema, options, header, kept, kept_count);
        return new LineStream(*schema, options, kept, kept_count);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void made_row_stream_free(made_row_stream *stream) {
    delete stream;
}

made_stream_read made_row_stream_read(
    made_row_stream *stream, const char *bytes, size_t count, bool is_last, size_t rows_max, made_row_buffer *buffer
) {
    return stream->read(bytes, count, is_last, rows_max, *buffer);
}
