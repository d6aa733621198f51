package policy

// AMR lists the authentication method references (RFC 8176) of the methods: see
// [AppendAMR].
func AMR(methods []Method) []string { return AppendAMR(nil, methods) }

// AppendAMR appends the authentication method references (RFC 8176) of the
// methods, each once, and "mfa" if they are of more than one type.
func AppendAMR(dst []string, methods []Method) []string {
	var types Type
	kinds := 0
	for i := range methods {
		m := &methods[i]
		if m.Types != types {
			kinds++
			types |= m.Types
		}
		switch m.Name {
		case "password":
			dst = once(dst, "pwd")
		case "totp", "hotp":
			dst = once(dst, "otp")
		case "voice":
			dst = once(dst, "tel")
		case "push":
			dst = once(dst, "swk")
		case "webauthn":
			dst = once(dst, "pop")
			if m.Hardware {
				dst = once(dst, "hwk")
			} else {
				dst = once(dst, "swk")
			}
			if m.UserVerified {
				dst = once(dst, "user")
			}
		default:
			dst = once(dst, m.Name) // sms, email: as they are called
		}
	}
	if kinds > 1 {
		dst = append(dst, "mfa")
	}
	return dst
}

func once(dst []string, s string) []string {
	for _, have := range dst {
		if have == s {
			return dst
		}
	}
	return append(dst, s)
}
