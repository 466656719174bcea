/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "metadata.h"

#include "iowq/ring/prepare.h"

#include <new>

namespace engine {

int metadata::start(metadata_kind what, unsigned depth) {
    what_ = what;
    if (!wanted())
        return 0;
    names_.reset(new (std::nothrow) names[depth]);
    return names_ ? 0 : -ENOMEM;
}

// The folder is opened once.
int metadata::find(const io_u *u, names &its) {
    std::string_view path = u->file->file_name;
    size_t slash = path.rfind('/');
    its.file = path.substr(slash == path.npos ? 0 : slash + 1);
    its.other = its.file + ".iowq." + std::to_string(u->index);
    std::string where(slash == path.npos ? "." : slash ? path.substr(0, slash) : "/");
    std::unique_ptr<job_file> &folder = folders_[where];
    if (!folder) {
        auto opened = std::make_unique<job_file>();
        int fd = ::open(where.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return -errno;
        int error = opened->examine(fd);
        error = error ? error : opened->hold();
        ::close(fd);
        if (error)
            return error;
        folder = std::move(opened);
    }
    its.folder = folder.get();
    return 0;
}

int metadata::make(const names &its) const {
    int fd = ::openat(its.folder->fd, its.other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ::close(fd);
    return 0;
}

int metadata::fill(const io_u *u, job_request &r) {
    using namespace iowq;
    names &its = names_[u->index];
    int error;
    try {
        error = find(u, its);
    } catch (const std::bad_alloc &) {
        error = -ENOMEM;
    }
    if (error)
        return error;
    constexpr int quietly = O_CLOEXEC;
    const char *file = its.file.c_str(), *other = its.other.c_str();
    switch (what_) {
    case metadata_none:
        break;
    case metadata_stat:
        prepare_statx(r, its.folder, file, 0, STATX_BASIC_STATS, &its.known);
        break;
    case metadata_open:
        prepare_openat(r, its.folder, file, O_RDONLY | quietly);
        break;
    case metadata_create:
        prepare_openat(r, its.folder, other, O_WRONLY | O_CREAT | O_EXCL | quietly, 0600);
        break;
    case metadata_unlink:
        error = make(its);
        prepare_unlinkat(r, its.folder, other);
        break;
    case metadata_rename:
        error = make(its);
        prepare_renameat2(r, its.folder, other, its.folder, file);
        break;
    case metadata_fsync:
        if (::pwrite(u->file->fd, u->buf, 1, static_cast<off_t>(u->offset)) < 0)
            error = -errno;
        r.prepare(opcode::fsync, *r.target);
        break;
    }
    return error;
}

void metadata::finish(iowq::request &r) const {
    if (r.op != iowq::opcode::call || r.number != SYS_openat || r.result < 0)
        return;
    ::close(static_cast<int>(r.result));
    r.result = 0;
    const names &its = names_[static_cast<job_request &>(r).index];
    if (what_ == metadata_create)
        ::unlinkat(its.folder->fd, its.other.c_str(), 0);
}

} // namespace engine
