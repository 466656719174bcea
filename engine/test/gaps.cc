/* SPDX-License-Identifier: GPL-2.0-only */
// Writes the first arrivals of a schedule, in nanoseconds, a line each. Arguments: rate, seed, job,
// how many.
#include "../arrivals.h"

int main(int, char **argv) {
    engine::schedule s(atof(argv[1]), strtoull(argv[2], nullptr, 10),
                       static_cast<unsigned>(atoi(argv[3])));
    for (int i = atoi(argv[4]); i > 0; i--)
        printf("%.3f\n", s.next().count());
}
