// SPDX-License-Identifier: MIT
// What kv.cc and kv_threads.cc share: the records of their log, and the index of it in memory.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace kv {

// What a record begins with; its key and its value follow.
struct header {
    uint64_t checksum;   // of all that follows
    uint32_t key, value; // their lengths, bytes
};
constexpr uint32_t longest = 1 << 20;

inline uint64_t checksum_of(std::string_view bytes) { // FNV-1a
    uint64_t sum = 0xcbf29ce484222325;
    for (char c : bytes)
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return sum;
}

inline std::string record(std::string_view key, std::string_view value) {
    header h{0, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
    std::string all(sizeof h, '\0');
    all.append(key).append(value);
    memcpy(all.data(), &h, sizeof h);
    h.checksum = checksum_of(std::string_view(all).substr(sizeof h.checksum));
    memcpy(all.data(), &h, sizeof h);
    return all;
}

// Where a value lies in the log.
struct place {
    uint64_t at;
    uint32_t length;
};

class index {
  public:
    // The record lies at `at`, and is on the disk.
    void add(std::string_view key, uint32_t value, uint64_t at) {
        values_[std::string(key)] = {at + sizeof(header) + key.size(), value};
    }
    [[nodiscard]] const place *find(std::string_view key) const {
        auto it = values_.find(std::string(key));
        return it == values_.end() ? nullptr : &it->second;
    }
    // Takes all whole records from the log's beginning, and cuts off what a crash has left behind
    // them. Returns the log's length, or -errno.
    [[nodiscard]] int64_t recover(int log) {
        std::string rest(sizeof(header), '\0');
        int64_t end = 0;
        for (header h;; end += static_cast<int64_t>(sizeof h) + h.key + h.value) {
            if (pread(log, &h, sizeof h, end) != sizeof h || h.key > longest || h.value > longest)
                break;
            rest.resize(sizeof h + h.key + h.value);
            if (pread(log, rest.data(), rest.size(), end) != static_cast<ssize_t>(rest.size()) ||
                checksum_of(std::string_view(rest).substr(sizeof h.checksum)) != h.checksum)
                break;
            add(std::string_view(rest).substr(sizeof h, h.key), h.value,
                static_cast<uint64_t>(end));
        }
        return ftruncate(log, end) ? -errno : end;
    }

  private:
    std::unordered_map<std::string, place> values_;
};

// "set KEY VALUE" or "get KEY". An empty key: it is neither.
struct command {
    bool sets = false;
    std::string_view key, value;
    explicit command(std::string_view line) {
        sets = line.starts_with("set ");
        if (!sets && !line.starts_with("get "))
            return;
        key = line.substr(4);
        if (size_t space = key.find(' '); sets && space != key.npos)
            value = std::exchange(key, key.substr(0, space)).substr(space + 1);
    }
};

} // namespace kv
