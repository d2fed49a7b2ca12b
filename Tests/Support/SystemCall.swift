// SPDX-License-Identifier: Apache-2.0

/// Numbers of the system calls that tests make through `call`, for the machines that the tests know.
public enum SystemCall {
    #if arch(x86_64)
        public static let (geteuid, getcwd, personality, sync, getppid, sethostname) = (107, 79, 135, 162, 110, 170)
    #else
        public static let (geteuid, getcwd, personality, sync, getppid, sethostname) = (175, 17, 92, 81, 173, 161)
    #endif
}
