// SPDX-License-Identifier: MIT
#include "iowq/explore/program.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <vector>

namespace explore {

std::string in_program(uintptr_t pc) {
    Dl_info info{};
    char text[40];
    dladdr(reinterpret_cast<void *>(pc), &info);
    snprintf(text, sizeof text, "+%#lx", pc - 1 - reinterpret_cast<uintptr_t>(info.dli_fbase));
    return text;
}

thread_locals::thread_locals() {
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *out) {
            auto &self = *static_cast<thread_locals *>(out);
            for (int i = 0; i < info->dlpi_phnum; i++) {
                const auto &segment = info->dlpi_phdr[i];
                if (segment.p_type != PT_TLS)
                    continue;
                self.at = static_cast<char *>(info->dlpi_tls_data);
                self.bytes = segment.p_memsz;
                self.initial.assign(
                    reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr),
                    segment.p_filesz);
                self.initial.resize(segment.p_memsz);
            }
            return 1; // the program itself comes first
        },
        this);
}

variables::variables() {
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *out) {
            auto &self = *static_cast<variables *>(out);
            uintptr_t constant = 0; // what lies before is, once the program is linked
            for (int i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
                    constant = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
            for (int i = 0; i < info->dlpi_phnum; i++) {
                const auto &segment = info->dlpi_phdr[i];
                if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_W))
                    continue;
                uintptr_t from = std::max(segment.p_vaddr, (constant + 4095) & ~4095ul);
                self.at_ = reinterpret_cast<char *>(info->dlpi_addr + from);
                self.first_.assign(self.at_, segment.p_vaddr + segment.p_memsz - from);
            }
            return 1; // the program itself comes first
        },
        this);
}

void variables::restore() { memcpy(at_, first_.data(), first_.size()); }

// ---- places

namespace {
uintptr_t program = 0; // where it lies
std::vector<bool> places;
} // namespace

void note_places() {
    places.resize(size_t{1} << 24);
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *) {
            program = info->dlpi_addr;
            return 1; // the program itself comes first
        },
        nullptr);
}
void note_place(uintptr_t pc) {
    if (pc - program < places.size())
        places[pc - program] = true;
}
void write_places(const char *path) {
    if (FILE *file = fopen(path, "w")) {
        for (size_t i = 0; i < places.size(); i++)
            if (places[i])
                fprintf(file, "%#zx\n", i);
        fclose(file);
    }
}

} // namespace explore
