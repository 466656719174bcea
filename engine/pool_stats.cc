/* SPDX-License-Identifier: GPL-2.0-only */
#include "pool_stats.h"

#include <algorithm>
#include <cerrno>

namespace engine {

int write_stats(const std::string &path, const char *job, unsigned number, const char *offload,
                unsigned depth, const backend &io) {
    std::string safe_job = job;
    std::replace(safe_job.begin(), safe_job.end(), '/', '_');
    std::string name = path + "." + safe_job + "." + std::to_string(number) + ".json";
    std::string unfinished = name + ".new";
    FILE *to = fopen(unfinished.c_str(), "w");
    if (!to)
        return -errno;
    fprintf(to, "{\"offload\": \"%s\", \"depth\": %u, ", offload, depth);
    io.print_stats(to);
    fputs("}\n", to);
    bool failed = ferror(to);
    failed |= fclose(to) != 0;
    if (failed || rename(unfinished.c_str(), name.c_str())) {
        int error = -errno;
        remove(unfinished.c_str());
        return error;
    }
    return 0;
}

} // namespace engine
