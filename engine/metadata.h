/* SPDX-License-Identifier: GPL-2.0-only */
// What a job does to its files instead of reading and writing them: metadata=. Each I/O is one such
// operation, on the file that fio has chosen for it. Used by the job's thread only.
#pragma once

#include "backend.h"

#include <map>
#include <memory>
#include <string>
#include <sys/stat.h>

struct io_u;

namespace engine {

enum metadata_kind : unsigned {
    metadata_none,
    metadata_stat,
    metadata_open,   // and close
    metadata_create, // and close
    metadata_unlink,
    metadata_rename, // over another file
    metadata_fsync   // after a byte has been written
};

class metadata {
  public:
    // The `number`-th job of fio's. May throw std::bad_alloc.
    void start(metadata_kind what, unsigned number, unsigned depth);
    [[nodiscard]] bool wanted() const { return what_ != metadata_none; }
    // Does it need only the names of fio's files, so that none has to be open?
    [[nodiscard]] bool by_name() const { return wanted() && what_ != metadata_fsync; }
    // fio uses a file from now on: finds its folder. 0 or -errno.
    [[nodiscard]] int opened(job_file &f, std::string_view path);
    // Fills the request, on its target, and makes what its operation needs: a file to be removed, a
    // byte to be written. 0 or -errno.
    [[nodiscard]] int fill(const io_u *u, job_request &r);
    // Closes what the operation has opened, and removes what it has made.
    void finish(iowq::request &r) const;

  private:
    // Of one I/O. It lives as long as the job, as requests point to it.
    struct own {
        std::string name; // of a file that only this I/O makes and removes, in any folder
        struct ::statx known;
    };
    [[nodiscard]] int find(job_file &f, std::string_view path);

    metadata_kind what_ = metadata_none;
    std::unique_ptr<own[]> own_; // by the request's index
    std::map<std::string, std::unique_ptr<job_file>, std::less<>> folders_;
};

} // namespace engine
