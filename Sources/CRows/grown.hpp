#pragma once

#include <algorithm>
#include <cstdlib>
#include <new>
#include <type_traits>

/// Values that grow where they stand, if they can: a vector's are copied, and for that time there twice.
template <typename Value> class Grown {
    static_assert(std::is_trivially_copyable_v<Value>);

public:
    Grown() = default;
    Grown(const Grown &) = delete;
    Grown &operator=(const Grown &) = delete;
    ~Grown() { std::free(values); }

    size_t size() const { return count; }
    size_t byte_count() const { return count * sizeof(Value); }
    Value *data() { return values; }
    Value &operator[](size_t index) { return values[index]; }
    void clear() { count = 0; }

    void push_back(const Value &value) { resize(count + 1, value); }

    /// New values are copies of `value`.
    void resize(size_t new_count, const Value &value = {}) {
        if (new_count > capacity) reserve(std::max({new_count, 2 * capacity, size_t(16)}));
        for (size_t index = count; index < new_count; index++) values[index] = value;
        count = new_count;
    }

private:
    Value *values = nullptr;
    size_t count = 0, capacity = 0;

    void reserve(size_t new_capacity) {
        auto grown = static_cast<Value *>(std::realloc(values, new_capacity * sizeof(Value)));
        if (grown == nullptr) throw std::bad_alloc();
        values = grown;
        capacity = new_capacity;
    }
};
