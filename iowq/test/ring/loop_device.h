// SPDX-License-Identifier: MIT
// A block device to test with: a loop device on a file in the build's folder.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/loop.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

inline constexpr uint64_t loop_device_size = 1 << 20;

struct attached_loop_device {
    // Another process may take the number that the kernel has just named.
    static constexpr int tries = 20;
    std::string path, why = "there is no loop device to be had";

    attached_loop_device() {
        char name[] = "build/iowq_test.XXXXXX";
        int backing = mkstemp(name);
        unlink(name);
        int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        if (control < 0)
            why = std::string("/dev/loop-control: ") + strerror(errno);
        if (control < 0 || backing < 0 || ftruncate(backing, loop_device_size))
            return;
        for (int i = 0; i < tries && path.empty(); i++) {
            std::string tried = "/dev/loop" + std::to_string(ioctl(control, LOOP_CTL_GET_FREE));
            int device = open(tried.c_str(), O_RDWR | O_CLOEXEC);
            if (device < 0) {
                why = tried + ": " + strerror(errno);
                continue;
            }
            loop_config how{};
            how.fd = static_cast<uint32_t>(backing);
            how.info.lo_flags = LO_FLAGS_AUTOCLEAR; // gone with the last to have it open
            if (ioctl(device, LOOP_CONFIGURE, &how) == 0)
                path = tried; // `device` stays open for as long as the program runs
            else
                close(device);
        }
        close(control);
        close(backing);
    }
};

// One for the whole test program, gone with it. nullptr: there is none to be had, and `why` says
// so.
inline const char *loop_device(std::string &why) {
    static const attached_loop_device device;
    why = device.why;
    return device.path.empty() ? nullptr : device.path.c_str();
}
