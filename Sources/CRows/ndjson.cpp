#include "stream.hpp"

#include <new>

LineStream::LineStream(
    const made_row_schema &schema, made_row_options options, const made_text *kept, size_t kept_count
) : made_row_stream(schema, options, kept, kept_count) {
    request.schema = &schema;
    request.options = options;
    request.rows_max = 1;
    request.values_max = SIZE_MAX;
}

void LineStream::read_rows(
    const char *&at, const char *end, bool is_last, size_t rows_max, made_row_buffer &buffer
) {
    while (result.row_count < rows_max) {
        switch (lines.next(at, end, is_last)) {
        case JSONLines::Next::unfinished:
        case JSONLines::Next::over: return;
        case JSONLines::Next::whole: read_line(buffer); break;
        case JSONLines::Next::too_long:
            if (!kept.is_empty()) kept.begin_row();
            made_row_stream::blame("a line of more than 1048576 bytes");
            result.row_count++;
            break;
        }
    }
}

std::string_view LineStream::line_bytes() const {
    return lines.line.ends_with('\r') ? lines.line.substr(0, lines.line.size() - 1) : lines.line;
}

void LineStream::read_line(made_row_buffer &buffer) {
    constexpr std::string_view byte_order_mark = "\uFEFF";
    std::string_view line = lines.line;
    if (lines.number == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    size_t before = buffer.count;
    if (!kept.is_empty()) kept.begin_row();
    made_scan scan = Pass(scanner, request, line.data(), line.size(), buffer, kept.is_empty() ? nullptr : &kept).run_row();
    if (scan.status != MADE_SCAN_OK) {
        buffer.count = before;
        if (!kept.is_empty()) kept.restart_row();
        blame(scan);
    } else if (scan.error_count > 0) {
        made_row_stream::blame(scan.errors[0]);
    }
    result.special_row_count += scan.status == MADE_SCAN_OK ? scan.special_row_count : 0;
    result.row_count++;
}

/// Says why the line is no row at all.
void LineStream::blame(const made_scan &scan) {
    switch (scan.status) {
    case MADE_SCAN_NOT_UTF8: return made_row_stream::blame("the line is not UTF-8");
    case MADE_SCAN_TOO_DEEP: return made_row_stream::blame("arrays and objects are nested more than 64 deep");
    case MADE_SCAN_TRAILING: return made_row_stream::blame("something follows the row");
    case MADE_SCAN_OUT_OF_MEMORY: throw std::bad_alloc();
    default: made_row_stream::blame(std::string("the line is not JSON: ") + (scan.reason ? scan.reason : ""));
    }
}
