#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

/// A part of a JSON object that is an object itself once the brackets that are open around it are put back.
struct JSONPiece {
    /// Where it stands.
    size_t start = 0, end = 0;
    /// The brackets that are open before it, and after it; the object's own first.
    std::string before, after;
    /// Nothing, or the object's end, comes after it.
    bool is_last = false;
    /// It ends with a bracket that closes none, or one too deep: whoever reads it finds it, or something before it, wrong.
    bool is_broken = false;
};

/// Cuts a JSON object at commas, so that what a parser needs beside it does not grow with it.
class JSONCutter {
public:
    /// `rows` is the member that is cut at `rows_depth` at most: 2 is between its elements, 1 is not at all. Others are cut
    /// anywhere.
    JSONCutter(std::string_view body, std::string_view rows, size_t rows_depth)
        : body(body), rows(rows), rows_depth(rows_depth) {}

    /// What simdjson finds wrong before it looks at any value.
    simdjson::error_code check() const;
    /// The next part, of `byte_count` and as many as it takes to the next place to cut.
    void next(size_t byte_count, JSONPiece &piece);
    /// The next part by the look of a place where one row ends and another begins, without reading what stands before it; false
    /// where there is none near. If the part is a document, the place is right: a text or bracket that is open there is open in
    /// the part.
    bool guess(size_t byte_count, JSONPiece &piece);
    /// What is behind the last part.
    size_t position() const { return at; }

private:
    /// More brackets are open than any reader takes.
    static constexpr size_t depth_max = 128;

    std::string_view body, rows;
    size_t rows_depth;
    size_t at = 0;
    std::string open;
    /// Where the member that is open may be cut.
    size_t cut_depth = depth_max;
    /// The last text that stands in the object itself: the key of the member that opens next.
    std::string_view key;

    void skip_string();
    bool open_bracket(char bracket);
    bool close_bracket(char bracket);
    char before(size_t comma) const;
    char after(size_t comma) const;
    bool is_cut(size_t comma) const;
};

inline bool is_json_space(char byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// Appends what makes the text behind `brackets` a document.
void append_opening(std::string &text, std::string_view brackets);
void append_closing(std::string &text, std::string_view brackets);
