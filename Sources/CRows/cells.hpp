#pragma once

#include "text.hpp"

#include <array>
#include <cstdint>
#include <vector>

/// Why a line of CSV is cut no further.
enum class LineEnd {
    /// It goes on in the bytes that come next.
    unfinished,
    whole,
    /// A cell is longer than MADE_CELL_BYTES_MAX.
    cell_too_long,
    /// Something other than a separator or the line's end follows a closing quote.
    quote_not_at_end,
    /// The bytes end within quotes.
    quote_unclosed,
    line_too_long,
    /// There is no other line.
    over,
};

/// Cuts lines into the cells of RFC 4180: quotes, doubled quotes within them, any separator, LF, CRLF or CR at line ends. A
/// quote within an unquoted cell is data.
///
/// A line is cut where it stands, and where it comes in pieces, in the copy that holds its beginning; cutting goes on where it
/// stopped, whatever is cut into pieces how.
class LineCutter {
public:
    /// Cells of a line beyond these are counted alone.
    static constexpr size_t cells_max = MADE_TABLE_COLUMNS_MAX + 1;

    void set_separator(char byte);
    /// The next line begins.
    void begin();
    /// Cuts the line that begins at `base`, which may have moved, with more bytes behind those of the last time.
    LineEnd advance(const char *base, size_t count, bool is_last);

    /// Bytes of the line that were read, its end included.
    size_t byte_count() const { return position; }
    size_t cell_count() const { return count; }
    /// Cells without the empty ones at the end.
    size_t filled_count() const { return filled; }
    /// Whether the line is a row of `width` cells; empty ones more, behind the last separator, are some that nobody meant.
    bool fits(size_t width) const { return count >= width && filled <= width; }
    /// Whether the line may begin with the name of a row, as R writes them, where the header has `width` names.
    bool has_row_name(size_t width) const {
        return count == width + 1 && filled == count && (width > 1 || is_quoted(0));
    }
    /// Whether the line, where rows have several cells, is a comment: it begins with # and has one.
    bool is_comment() { return count == 1 && !is_quoted(0) && text(0).starts_with('#'); }
    bool is_quoted(size_t cell) const { return cells[cell].is_quoted; }
    bool has_quotes() const { return has_quoted; }
    /// Whether the line holds nothing but blanks.
    bool is_blank() { return count == 1 && !has_quoted && (filled == 0 || trimmed(text(0)).empty()); }
    /// The text of one of the first `cells_max` cells, quotes taken off; it holds until the next one is asked for.
    std::string_view text(size_t cell);
    /// Where the cell that was cut last begins.
    size_t cell_start() const { return start; }

private:
    enum class State { start, plain, quoted, closing };

    struct Cell {
        size_t start;
        uint32_t byte_count;
        uint32_t escape_count;
        bool is_quoted;
    };

    std::array<bool, 256> ends_cell{};
    char separator = ',';
    const char *base = nullptr;
    State state = State::start;
    size_t position = 0, start = 0, count = 0, filled = 0, escape_count = 0;
    bool has_quoted = false;
    std::vector<Cell> cells;
    std::string unescaped;

    LineEnd cut_cells(const char *&at, const char *end);
    const char *find_end(const char *at, const char *end) const;
    bool is_too_long(const char *&at) const;
    LineEnd finish_stream(const char *end);
    void add_cell(const char *cell_end, bool is_quoted);
};
