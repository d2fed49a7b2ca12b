internal import HullBytes
func featuresText() -> Bytes { "" }
let libseccompVersion: Bytes = "2.5.4"
