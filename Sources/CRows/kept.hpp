#pragma once

#include "grown.hpp"
#include "schema.hpp"

/// The cells of rows that are handed back as they came.
class KeptCells {
public:
    static constexpr size_t none = made_row_schema::none;

    KeptCells(const made_row_schema &schema, const made_text *names, size_t count);

    bool is_empty() const { return names.empty(); }
    size_t count() const { return names.size(); }
    /// Where the cells of that column go; `none` where they are not kept.
    size_t find(std::string_view name) const;
    /// The first name of which no column goes where its cells would, as `has_column` has it; null where all have one. A column
    /// without a name may be one of row names, which no header has.
    const std::string *find_unknown(const std::vector<bool> &has_column) const;
    size_t of_variable(size_t variable) const { return variables[variable]; }
    size_t of_place(size_t place) const { return places[place]; }

    /// Of all rows.
    size_t byte_count() const { return cells.byte_count() + starts.byte_count() + bytes.capacity(); }

    /// Forgets all rows.
    void clear();
    /// Begins a row whose cells are all absent, or begins the last one anew.
    void begin_row();
    void restart_row();
    /// Copies `text`.
    void set(size_t kept, std::string_view text, bool is_json);
    /// The cells of all rows; null where none are kept.
    const made_kept_cell *finish();

private:
    /// A row's cells of the same name are the first one's.
    std::vector<size_t> firsts;
    std::vector<std::string> names;
    TextMap<size_t> indices;
    std::vector<size_t> variables, places;
    Grown<made_kept_cell> cells;
    /// Where in `bytes` the cells' texts are, which move as they grow.
    Grown<size_t> starts;
    std::string bytes;
};
