// SPDX-License-Identifier: Apache-2.0
// Nothing to call: linking this target is what protects the executable. See seal.c.
#ifndef CHULL_SEAL_H
#define CHULL_SEAL_H
#endif
