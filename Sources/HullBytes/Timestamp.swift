// SPDX-License-Identifier: Apache-2.0

/// A moment: what clock_gettime(CLOCK_REALTIME) gives.
package struct Timestamp: Equatable, Sendable {
    /// Seconds since 1970 in UTC.
    package let seconds: Int64
    /// The part of a second, below 1,000,000,000.
    package let nanoseconds: UInt32

    /// Takes the numbers as they are.
    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// RFC 3339 in UTC, always with nine digits of nanoseconds: `2026-11-23T06:32:30.000000000Z`.
    ///
    /// containerd decodes the time of a log record into a Go time and, if that fails, loses the error message.
    package var rfc3339: Bytes {
        let day = seconds.flooringQuotient(by: 86_400)
        let second = seconds - day * 86_400
        let date = civilDate(day)
        let hours = padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
        let days = padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
        return days + "T" + hours + "." + padded(Int64(nanoseconds), 9) + "Z"
    }
}

/// The date of the proleptic Gregorian calendar that is so many days after 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of its year and the months before it follow one rule:
/// five months have 153 days. The calendar repeats itself every 400 years, 146,097 days.
private func civilDate(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let sinceMarch0 = days + 719_468  // from 0000-03-01 to 1970-01-01
    let era = sinceMarch0.flooringQuotient(by: 146_097)
    let dayOfEra = sinceMarch0 - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

private func padded(_ number: Int64, _ width: Int) -> Bytes {
    let digits = Bytes(decimal: number)
    return Bytes([UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - digits.count))) + digits
}

extension Int64 {
    /// The quotient that is rounded down, not to zero: moments before 1970.
    fileprivate func flooringQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
