internal import HullBytes
