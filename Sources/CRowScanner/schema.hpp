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
        /// Labels that are numbers, by their values; of several the first.
        std::unordered_map<double, size_t> number_indices;
        size_t other_label;
        /// The name needs no escape in JSON, so that it can be compared with a key as it stands there.
        bool is_plain;

        /// The index that `text` stands for; `none` where it is no value of the column.
        size_t find_label(std::string_view text) const;
        /// The same of a boolean.
        size_t find_truth(bool truth) const;
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
