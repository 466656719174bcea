// SPDX-License-Identifier: MIT
// Numbers of io_uring's interface that the headers of Linux 6.1 do not name yet.
#pragma once

#include <linux/io_uring.h>

namespace iowq::uring {

inline constexpr unsigned setup_no_mmap = 1u << 14;                // IORING_SETUP_NO_MMAP, 6.5
inline constexpr unsigned setup_no_sqarray = 1u << 16;             // IORING_SETUP_NO_SQARRAY, 6.6
inline constexpr unsigned feature_reg_reg_ring = 1u << 13;         // IORING_FEAT_REG_REG_RING, 6.3
inline constexpr unsigned timeout_multishot = 1u << 6;             // IORING_TIMEOUT_MULTISHOT, 6.4
inline constexpr auto op_ftruncate = static_cast<io_uring_op>(55); // IORING_OP_FTRUNCATE, 6.9
inline constexpr unsigned register_by_number = 1u << 31; // IORING_REGISTER_USE_REGISTERED_RING

} // namespace iowq::uring
