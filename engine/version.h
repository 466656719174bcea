/* SPDX-License-Identifier: GPL-2.0-only */
// Which engine this is: "0.1.0+" and 12 hex digits, which are the same for the same sources.
#pragma once

namespace engine {

// It stands in the shared object after "iowq-engine-version: ", for those who do not load the
// object.
[[nodiscard]] const char *version();

} // namespace engine
