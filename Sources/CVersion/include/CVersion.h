// SPDX-License-Identifier: Apache-2.0
// Which commit a build was made from: said by the build, or not known. Package.swift passes on HULL_COMMIT.
#ifndef CVERSION_H
#define CVERSION_H

#ifndef HULL_COMMIT
#define HULL_COMMIT "unknown"
#endif
#define hull_commit HULL_COMMIT

#endif
