package policy

// AMR lists the authentication method references (RFC 8176) of the methods: see
// [AppendAMR].
func AMR(methods []Method) []string { return AppendAMR(nil, methods) }

// AppendAMR appends the authentication method references (RFC 8176) of the
// methods, each once, and "mfa" where a rule with two factors counts two: if two
// of them are of different types and on different devices, or one is a passkey that has
// verified its user. A method that RFC 8176 has no name for goes by its own.
func AppendAMR(dst []string, methods []Method) []string { return AMRTable(nil).Append(dst, methods) }

// AMRTable replaces the references of methods, by their names: a host whose relying
// parties know other ones writes {"totp": {"google_otp"}}. An empty list leaves the
// method out. What the table does not name is as [AppendAMR] has it.
type AMRTable map[string][]string

// Append does what AppendAMR does, with the references of the table.
func (t AMRTable) Append(dst []string, methods []Method) []string {
	start := len(dst)
	for i := range methods {
		m := &methods[i]
		names, ok := t[m.Name]
		if !ok {
			dst = m.appendAMR(dst, start)
			continue
		}
		for _, name := range names {
			dst = once(dst, start, name)
		}
	}
	if len(dst) > start && severalFactors(methods) {
		dst = once(dst, start, "mfa")
	}
	return dst
}

func (m *Method) appendAMR(dst []string, start int) []string {
	switch m.Name {
	case "":
		return dst
	case "password":
		return once(dst, start, "pwd")
	case "totp", "hotp", "recovery_codes":
		return once(dst, start, "otp")
	case "question":
		return once(dst, start, "kba")
	case "voice":
		return once(dst, start, "tel")
	case "push":
		return once(dst, start, m.keyAMR())
	case "webauthn":
		dst = once(once(dst, start, "pop"), start, m.keyAMR())
		if m.UserVerified {
			dst = once(dst, start, "user")
		}
		return dst
	}
	return once(dst, start, m.Name) // sms, email: as they are called
}

func (m *Method) keyAMR() string {
	if m.Hardware {
		return "hwk"
	}
	return "swk"
}

func severalFactors(methods []Method) bool {
	for i := range methods {
		if methods[i].several() {
			return true
		}
		for j := range i {
			if differ(&methods[i], &methods[j]) {
				return true
			}
		}
	}
	return false
}

// once appends what is not there from start on.
func once(dst []string, start int, s string) []string {
	for _, have := range dst[start:] {
		if have == s {
			return dst
		}
	}
	return append(dst, s)
}
