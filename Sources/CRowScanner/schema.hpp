#pragma once

#include "CRowScanner.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Keys of the maps point into `name` and `labels`, which never move once the schema is made.
struct made_row_schema {
    struct Column {
        std::string name;
        made_column_kind kind;
        std::vector<std::string> labels;
        std::unordered_map<std::string_view, size_t> label_indices;
        /// The name needs no escape in JSON, so that it can be compared with a key as it stands there.
        bool is_plain;
    };

    std::vector<Column> columns;
    /// The kinds once more, close together.
    std::vector<uint8_t> kinds;
    bool is_all_binary = true;
    std::unordered_map<std::string_view, size_t> indices;

    static constexpr size_t none = SIZE_MAX;

    size_t find(std::string_view name) const {
        auto entry = indices.find(name);
        return entry == indices.end() ? none : entry->second;
    }
};
