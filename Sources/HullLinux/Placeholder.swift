internal import CHull
internal import HullBytes
internal import CSeccomp
internal import CCap
package let oPath = O_PATH
