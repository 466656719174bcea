/* SPDX-License-Identifier: GPL-2.0-only */
#include "pool_stats.h"

#include "placement.h"
#include "version.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <string_view>

namespace engine {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void print_string(FILE *to, std::string_view text) {
    fputc('"', to);
    for (char c : text) {
        if (is_control(c))
            fprintf(to, "\\u%04x", static_cast<unsigned>(c));
        else
            fprintf(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    fputc('"', to);
}

void print_threads(FILE *to, const sampler &threads) {
    fprintf(to, ", \"threads_peak\": %u, \"threads\": [", threads.peak());
    const char *between = "";
    for (const sampler::sample &s : threads.samples()) {
        fprintf(to, "%s[%llu, %u]", between, static_cast<unsigned long long>(s.ms), s.threads);
        between = ", ";
    }
    fputc(']', to);
}

// On which CPUs the I/Os were issued, and so on which nodes.
void print_places(FILE *to, const job_stats &job) {
    auto by_cpu = job.io.ran_on();
    if (!by_cpu.empty()) {
        fputs(", \"ran_on_cpus\": {", to);
        const char *between = "";
        for (size_t cpu = 0; cpu < by_cpu.size(); cpu++) {
            if (!by_cpu[cpu])
                continue;
            fprintf(to, "%s\"%zu\": %llu", between, cpu,
                    static_cast<unsigned long long>(by_cpu[cpu]));
            between = ", ";
        }
        fprintf(to, "}, \"ran_on_nodes\": %s", on_nodes(by_cpu).c_str());
    }
    if (!job.buffers.empty())
        fprintf(to, ", \"buffers_on_nodes\": %s", job.buffers.c_str());
}

int write_to(const std::string &name, const job_stats &job) {
    FILE *to = fopen(name.c_str(), "w");
    if (!to)
        return -errno;
    errno = 0;
    fprintf(to, "{\"engine\": \"%s\", \"job\": ", version());
    print_string(to, job.name);
    fprintf(to, ", \"offload\": \"%s\", \"depth\": %u, ", job.offload, job.depth);
    job.io.print_stats(to);
    print_places(to, job);
    if (job.threads)
        print_threads(to, *job.threads);
    fputs("}\n", to);
    bool failed = ferror(to);
    failed |= fclose(to) != 0;
    return failed ? errno ? -errno : -EIO : 0;
}

// The ways that I/Os of one direction took, each with its number.
std::string ways(const iowq::path_counts &c) {
    struct {
        uint64_t nr;
        const char *name;
    } const taken[] = {
        {c.inlined, "inline"},
        {c.nowait_miss, "missed"},
        {c.nowait_refused, "refused"},
        {c.pooled, "pooled"},
        {c.helped, "helped"},
        {c.waited, "waited for"},
        {c.aio, "by AIO"},
        {c.sqthread, "by the sqthread"},
        {c.handed_over, "handed over"},
        {c.merged, "merged"},
    };
    std::string said;
    for (auto &way : taken)
        if (way.nr)
            said += (said.empty() ? " " : ", ") + std::to_string(way.nr) + " " + way.name;
    if (said.empty() && c.issued) // the backend does not know the ways
        said = " " + std::to_string(c.issued) + " issued";
    return said;
}

} // namespace

int write_stats(const char *path, const job_stats &job) {
    try {
        std::string safe_job = job.name;
        std::replace(safe_job.begin(), safe_job.end(), '/', '_');
        std::string name =
            std::string(path) + "." + safe_job + "." + std::to_string(job.number) + ".json";
        std::string unfinished = name + ".new";
        int error = write_to(unfinished, job);
        if (!error && rename(unfinished.c_str(), name.c_str()))
            error = -errno;
        if (error)
            remove(unfinished.c_str());
        return error;
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
}

std::string summary(const job_stats &job) {
    std::string name = job.name;
    std::replace_if(name.begin(), name.end(), is_control, '?');
    std::string said = "  iowq: " + name + ": offload=" + job.offload + ":";
    const char *between = " ";
    for (unsigned d = 0; d < iowq::ring::nr_directions; d++) {
        std::string taken = ways(job.io.counts(static_cast<iowq::ring::direction>(d)));
        if (taken.empty())
            continue;
        said += between + (direction_names[d] + taken);
        between = "; ";
    }
    if (job.threads)
        said += between + ("threads at most " + std::to_string(job.threads->peak()));
    return said + between + ("engine " + std::string(version()) + "\n");
}

} // namespace engine
