// SPDX-License-Identifier: MIT
// Descriptors that this library keeps of the program's open files, so that the program may close
// its own, and of its own files. Any thread, and any handler, may call these.
//
// - Their numbers are high ones, so that the program's next descriptor is the one it expects.
// - A process that closes any descriptor of a file loses its record locks on it (fcntl(2),
//   F_SETLK). So none is closed of a file that the program has locked.
// - The child of a fork has none of them.
#pragma once

namespace iowq::uring {

// Another descriptor of the same open file; or -errno.
[[nodiscard]] int hold(int fd);
// The same in place of `fd`, which is closed: for a file of this library's own.
[[nodiscard]] int set_aside(int fd);
void let_go(int fd);

// A descriptor for as long as one operation takes: another one, or `fd` itself if that is of a
// locked file, or there is no other.
[[nodiscard]] int hold_for_a_while(int fd);

// The program is about to lock a part of the file. Returns once nothing is being closed that was
// not known to be locked.
void about_to_lock(int fd);

// In the child of a fork, before anything else runs there.
void let_go_of_all();

} // namespace iowq::uring
