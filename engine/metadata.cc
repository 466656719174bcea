/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "metadata.h"

#include "iowq/ring/prepare.h"

#include <new>

namespace engine {

void metadata::start(metadata_kind what, unsigned number, unsigned depth) {
    what_ = what;
    if (!wanted())
        return;
    own_ = std::make_unique<own[]>(depth);
    std::string job = "iowq." + std::to_string(getpid()) + "." + std::to_string(number) + ".";
    for (unsigned i = 0; i < depth; i++)
        own_[i].name = job + std::to_string(i);
}

int metadata::opened(job_file &f, std::string_view path) {
    try {
        return wanted() ? find(f, path) : 0;
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
}

int metadata::find(job_file &f, std::string_view path) {
    size_t slash = path.rfind('/');
    bool here = slash == path.npos;
    f.name = path.substr(here ? 0 : slash + 1);
    std::string_view where = here ? "." : slash ? path.substr(0, slash) : "/";
    auto known = folders_.find(where);
    if (known == folders_.end()) {
        auto folder = std::make_unique<job_file>();
        int fd = ::open(std::string(where).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return -errno;
        int error = folder->examine(fd);
        error = error ? error : folder->hold();
        ::close(fd);
        if (error)
            return error;
        known = folders_.emplace(where, std::move(folder)).first;
    }
    f.folder = known->second.get();
    return 0;
}

namespace {

int make(const job_file &folder, const char *name) {
    int fd = ::openat(folder.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ::close(fd);
    return 0;
}

} // namespace

int metadata::fill(const io_u *u, job_request &r) {
    using namespace iowq;
    auto &f = static_cast<job_file &>(*r.target);
    const char *name = f.name.c_str(), *own = own_[r.index].name.c_str();
    int error = 0;
    switch (what_) {
    case metadata_none:
        break;
    case metadata_stat:
        prepare_statx(r, f.folder, name, 0, STATX_BASIC_STATS, &own_[r.index].known);
        break;
    case metadata_open:
        prepare_openat(r, f.folder, name, O_RDONLY | O_CLOEXEC);
        break;
    case metadata_create:
        prepare_openat(r, f.folder, own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        break;
    case metadata_unlink:
        error = make(*f.folder, own);
        prepare_unlinkat(r, f.folder, own);
        break;
    case metadata_rename:
        error = make(*f.folder, own);
        prepare_renameat2(r, f.folder, own, f.folder, name);
        break;
    case metadata_fsync:
        if (::pwrite(f.fd, u->buf, 1, static_cast<off_t>(u->offset)) < 0)
            error = -errno;
        r.prepare(opcode::fsync, f);
        break;
    }
    return error;
}

void metadata::finish(iowq::request &r) const {
    if (r.op != iowq::opcode::call || r.number != SYS_openat || r.result < 0)
        return;
    ::close(static_cast<int>(r.result));
    r.result = 0;
    if (what_ == metadata_create)
        ::unlinkat(r.target->fd, own_[static_cast<job_request &>(r).index].name.c_str(), 0);
}

} // namespace engine
