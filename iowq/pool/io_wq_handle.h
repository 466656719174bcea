// SPDX-License-Identifier: MIT
// What a C program's handle of a pool (io_wq.h) is.
#pragma once

#include "iowq/pool/wq.h"

struct io_wq {
    std::unique_ptr<iowq::wq> pool;
};
