#pragma once

#include "elements.hpp"
#include "json.hpp"
#include "json_pieces.hpp"
#include "kept.hpp"

#include <deque>
#include <optional>

/// A field of a row, as it stands in the text.
struct PlainField {
    /// The key with its quotes and colon.
    std::string key;
    /// The column that it is for; one beyond all columns is passed over.
    size_t column;
    /// The column reads plain numbers.
    bool is_number;
};

struct made_row_scanner {
    simdjson::ondemand::parser parser;
    Grown<made_row_error> errors;
    std::vector<made_member> members;
    /// The number of the last row that gave each column a value.
    std::vector<size_t> last_rows;
    /// The members after dense rows, as an object of their own.
    std::string tail;
    /// The part being read of a body that is read in parts, as a document of its own.
    std::string piece;
    /// What is handed back of the parts before it, and is not in the body.
    std::deque<std::string> texts;
    /// The row being read, where variables are made of columns.
    std::vector<float> row_values;
    std::vector<double> row_numbers;
    /// The fields of the last line that was read by its tokens, in their order; none where it could not be read plainly.
    std::vector<PlainField> fields;
    /// How many lines more are looked at whether they can be read plainly: some that cannot end it.
    int plain_tries = plain_tries_max;
    /// The cells of a body that are handed back.
    std::optional<KeptCells> kept;

    static constexpr int plain_tries_max = 16;
};

/// One scan of one body.
class Pass : private JSONReader {
public:
    Pass(made_row_scanner &scanner, const made_scan_request &request, const char *body, size_t body_bytes,
         made_row_buffer &buffer, KeptCells *kept = nullptr);

    made_scan run();
    /// Reads a body that is one row, and nothing else.
    made_scan run_row();

private:
    static constexpr size_t members_max = 64;

    made_row_scanner &scanner;
    const made_scan_request &request;
    made_row_buffer &buffer;
    /// Where the cells of the row go that are kept; null where none are.
    KeptCells *kept;
    size_t first_value;
    /// Columns that are read of a row, and values of it in the buffer.
    size_t width, stored_width;
    /// The buffer's values are made of those that are read.
    bool expands;
    const Elements elements;
    made_scan scan{};
    /// Values in the buffer from which on memory is to be asked for.
    size_t accounted_count = SIZE_MAX;
    /// Bytes of `scanner.texts`, and the most that was needed for a part that cannot be cut.
    size_t text_bytes = 0, large_part_bytes = 0;
    /// A row whose elements cannot be counted, and that all is to be read again without doing so.
    size_t malformed_row = SIZE_MAX;
    bool reads_again = false;
    /// Values of the row that those of a tensor which stand alone have begun.
    size_t tensor_count = 0;

    /// What was read last of the object: it may go on in the next part.
    enum class Member { none, rows, other };
    Member last_member = Member::none;
    /// The body, where `body` is a part of it, and where in it `body` would begin.
    std::string_view whole;
    ptrdiff_t piece_start = 0;

    /// The values of the row being read; `numbers` is null where they are not kept.
    float *row = nullptr;
    double *numbers = nullptr;
    bool is_object = false;
    bool is_special = false;
    /// Its first fault.
    bool is_faulty = false;
    /// The row's fields are noted, by which the next one may be read plainly.
    bool learns = false;
    made_row_error fault{};

    // dense.cpp
    bool read_densely();
    const char *read_dense_rows();
    bool read_dense_row();
    bool read_tail(std::string_view tail);

    // plain.cpp
    bool read_plain_row();
    bool read_plain_value(const char *&at, const char *last, size_t column);
    void learn(simdjson::ondemand::raw_json_string key, std::string_view name, size_t column);

    // scanner.cpp
    void begin();
    size_t part_bytes() const { return request.piece_bytes > 0 ? request.piece_bytes : size_t(MADE_PIECE_BYTES); }
    /// Whether so much is better indexed in parts. Less is faster read at once.
    bool is_large(size_t byte_count) const { return byte_count / 4 > part_bytes(); }
    bool read_body();
    bool read_lone_row();
    made_scan finish();
    bool read_member(simdjson::ondemand::field &field);
    bool add_member(std::string_view name, value &value);
    void refuse(made_scan_status why, std::string_view name);

    // pieces.cpp
    bool read_in_pieces();
    bool read_pieces(JSONCutter cutter, bool guesses);
    bool read_piece(const JSONPiece &piece);
    bool read_fields(bool goes_on);
    bool resume_member(value &value);
    std::string_view lasting(std::string_view text);
    bool account();

    // tensor.cpp
    bool read_tensor(simdjson::ondemand::array &array);
    void end_short_row();
    bool read_column(simdjson::ondemand::array &array);
    bool read_lone_value(value &element);

    // rows.cpp
    bool read_rows(value &value);
    bool read_elements(value &value);
    bool read_row(value &value);
    bool begin_row();
    void end_row();
    void store_row();
    bool reserve_row();
    bool read_array_row(value &value);
    bool find_width(simdjson::ondemand::array &array, bool &has_table_width);
    bool read_object_row(value &value);
    bool read_field(simdjson::ondemand::field &field, size_t &next, size_t &given);
    size_t find_column(std::string_view name, bool is_kept);
    void fill_missing();
    void fill_missing(size_t column);
    void fill_missing_fields();
    void blame(made_row_fault kind, size_t column, std::string_view text, size_t found = 0);

    // items.cpp
    bool read_item(value &value, size_t column, size_t keep);
    bool read_value(value &value, size_t column, size_t place);
    void read_token(const JSONToken &token, size_t column, size_t place);
    bool read_bit(const char *text, size_t place);
};

/// Makes room for `count` more values.
void reserve(made_row_buffer &buffer, size_t count, bool keeps_numbers);
