#pragma once

// simdjson's own checks of a debug build abort on states that a hostile body can reach.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include "schema.hpp"

struct made_row_scanner {
    simdjson::ondemand::parser parser;
    std::vector<made_row_error> errors;
    std::vector<made_member> members;
    /// The number of the last row that gave each column a value.
    std::vector<size_t> last_rows;
    /// The members after dense rows, as an object of their own.
    std::string tail;
};

/// One scan of one body. Functions that return bool return false where the scan has ended; `scan` then says why.
///
/// simdjson's on-demand parser checks a value only when it is asked for, so every value is asked for.
class Pass {
public:
    Pass(made_row_scanner &scanner, const made_scan_request &request, const char *body, size_t body_bytes,
         made_float_buffer &matrix);

    made_scan run();
    /// Reads a body that is one row, and nothing else.
    made_scan run_row();

private:
    using value = simdjson::ondemand::value;
    using json_type = simdjson::ondemand::json_type;

    static constexpr int depth_max = 64;
    static constexpr size_t members_max = 64;
    static constexpr ptrdiff_t nowhere = -1;

    made_row_scanner &scanner;
    const made_scan_request &request;
    const char *body;
    size_t body_bytes;
    made_float_buffer &matrix;
    size_t first_value;
    simdjson::ondemand::document document;
    made_scan scan{};

    /// The first fault of the row being read.
    bool is_object = false;
    bool is_faulty = false;
    made_row_error fault{};
    bool has_missing = false;

    // dense.cpp
    bool read_densely();
    const char *read_dense_rows();
    bool read_tail(std::string_view tail);

    // scanner.cpp
    void begin();
    bool open(json_type &type);
    bool read_body();
    bool read_lone_row();
    made_scan finish();
    bool read_member(simdjson::ondemand::field &field);
    bool add_member(std::string_view name, value &value);
    bool check(value value, int depth);
    bool check_number(value &value);
    bool fail(simdjson::error_code error);
    bool stop(made_scan_status status);
    void refuse(made_scan_status status, std::string_view name);
    ptrdiff_t location();

    // rows.cpp
    bool read_rows(value &value);
    bool read_row(value &value);
    bool read_tensor(simdjson::ondemand::array &array);
    bool begin_row();
    void end_row();
    bool read_array_row(value &value, float *row);
    bool read_object_row(value &value, float *row);
    bool read_value(value &value, size_t column, float &number);
    bool read_number(value &value, size_t column, float &number);
    bool read_truth(value &value, size_t column, float &number);
    void set_label(size_t label, std::string_view text, size_t column, float &number);
    bool reserve_row();
    void blame(made_row_fault kind, size_t column, std::string_view text);
};

/// The JSON text of a scalar, or the bracket that opens a container.
inline std::string_view token_text(simdjson::ondemand::value &value) {
    std::string_view text = value.raw_json_token();
    size_t count = text.size();
    while (count > 0 && (text[count - 1] == ' ' || text[count - 1] == '\n' || text[count - 1] == '\r' || text[count - 1] == '\t'))
        count--;
    return text.substr(0, count);
}

inline made_text view(std::string_view text) {
    return {text.data(), text.size()};
}
