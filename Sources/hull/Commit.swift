// SPDX-License-Identifier: Apache-2.0

internal import CVersion
internal import HullBytes

/// The commit that this build was told it is made from.
let commit = Bytes(hull_commit)
