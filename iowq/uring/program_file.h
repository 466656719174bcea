// SPDX-License-Identifier: MIT
// Looks at a program before exec runs it: where the library cannot be preloaded, the program would
// die by SIGSYS at its first call of io_uring. Allocates nothing, takes no lock and writes to
// nothing but its stack, so that the child of a vfork may call it.
#pragma once

namespace iowq::uring {

inline constexpr const char *library_name = "libiowq-uring.so";

struct program_file {
    // Why nothing can be preloaded into it, as the rest of a sentence. nullptr: it can; or the
    // kernel refuses to run the file, and says why itself.
    const char *obstacle = nullptr;
    // The program that runs a script, or the name of a descriptor's file; empty: the path itself.
    char file[256] = {};

    // As execveat(2) has its arguments; and the library, which the program has to be able to read.
    [[nodiscard]] static program_file look_at(int folder, const char *path, int flags,
                                              const char *library);

    // Tells why in a line on stderr. `path` is what was looked at.
    void tell(const char *path) const;
};

// The file that execvp would run, in `room`; nullptr: there is none. It is the name itself if that
// has a slash.
inline constexpr unsigned path_room = 4096;
[[nodiscard]] const char *find_in_path(const char *name, char (&room)[path_room]);

// Does a value of LD_PRELOAD have the library in it?
[[nodiscard]] bool preloads_library(const char *value);

} // namespace iowq::uring
