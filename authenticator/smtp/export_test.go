package smtp

// ParseAddress is for the fuzz test.
var ParseAddress = parseAddress
