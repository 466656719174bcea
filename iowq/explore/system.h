// SPDX-License-Identifier: MIT
// The system's own function, of which one of the same name stands in front here.
#pragma once

#include <dlfcn.h>

namespace explore {

template <class Function>
Function *systems(const char *name, Function *) {
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace explore

#define SYSTEMS(name)                                                                              \
    [] {                                                                                           \
        static const auto found = ::explore::systems(#name, name);                                 \
        return found;                                                                              \
    }()
