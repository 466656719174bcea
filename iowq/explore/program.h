// SPDX-License-Identifier: MIT
// The program that is explored: its variables, and the places in it.
#pragma once

#include "iowq/explore/seen.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace explore {

// As addr2line takes it: where it is in its file.
[[nodiscard]] std::string in_program(uintptr_t pc);

// Its thread_local variables. All fibres have the same kernel thread's, so they are exchanged when
// another fibre goes on.
struct thread_locals {
    thread_locals();

    char *at = nullptr;
    size_t bytes = 0;
    std::string initial;
};

// Its other variables: every schedule begins with what they were when this was made.
class variables {
  public:
    variables();
    void restore();

  private:
    char *at_ = nullptr;
    std::string first_;
};

// From where it has accessed memory, one a line, as addr2line takes it; once asked for.
EXPLORE_API void note_places();
EXPLORE_API void write_places(const char *path);
void note_place(uintptr_t pc);

} // namespace explore
