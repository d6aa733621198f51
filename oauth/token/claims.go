package token

import (
	"math"
	"strconv"
	"strings"
)

// Claims are those of a token that has been verified. What is absent is zero. Times are
// Unix seconds, rounded down.
type Claims struct {
	Issuer   string
	Subject  string
	ClientID string
	ID       string // jti
	Audience []string
	Scope    string // with spaces between scopes, see HasScope

	IssuedAt  int64
	Expires   int64
	NotBefore int64
	AuthTime  int64

	ACR       string
	AMR       []string
	SessionID string // sid

	// JKT and X5T are the thumbprint of the DPoP key (RFC 9449) and of the certificate
	// (RFC 8705) that the sender must prove to have.
	JKT, X5T string

	// Of ID tokens.
	Nonce           string
	AuthorizedParty string // azp
	AccessTokenHash string // at_hash
	CodeHash        string // c_hash

	// Payload is the whole JSON object, for claims of the host's own. It is strict JSON
	// without two members of one name.
	Payload []byte

	otherConfirmation bool // cnf is there, but asks for no proof that is known
}

// ParseClaims reads a payload whose signature has been verified ([KeySet.Verify]). It
// refuses claims of the wrong type and names that are those of registered claims but for
// their case. It does not judge the values.
func ParseClaims(payload []byte) (*Claims, error) {
	c := new(Claims)
	if err := c.parse(payload); err != nil {
		return nil, err
	}
	return c, nil
}

// HasScope reports whether the token has the scope.
func (c *Claims) HasScope(scope string) bool {
	if scope == "" || strings.IndexByte(scope, ' ') >= 0 {
		return false
	}
	for rest := c.Scope; rest != ""; {
		var one string
		if one, rest, _ = strings.Cut(rest, " "); one == scope {
			return true
		}
	}
	return false
}

func (c *Claims) parse(payload []byte) error {
	*c = Claims{Payload: payload}
	var sc Scanner
	for sc.Scan(string(payload)); sc.Next(); {
		switch sc.Name {
		case "iss":
			c.Issuer = sc.String()
		case "sub":
			c.Subject = sc.String()
		case "aud":
			c.Audience = audience(&sc)
		case "exp":
			c.Expires = date(&sc)
		case "nbf":
			c.NotBefore = date(&sc)
		case "iat":
			c.IssuedAt = date(&sc)
		case "jti":
			c.ID = sc.String()
		case "client_id":
			c.ClientID = sc.String()
		case "scope":
			c.Scope = sc.String()
		case "auth_time":
			c.AuthTime = date(&sc)
		case "acr":
			c.ACR = sc.String()
		case "amr":
			c.AMR = sc.Strings(nil)
		case "sid":
			c.SessionID = sc.String()
		case "cnf":
			c.confirmation(&sc)
		case "nonce":
			c.Nonce = sc.String()
		case "azp":
			c.AuthorizedParty = sc.String()
		case "at_hash":
			c.AccessTokenHash = sc.String()
		case "c_hash":
			c.CodeHash = sc.String()
		default:
			if r := registeredClaim(sc.Name); r != "" && r != sc.Name {
				return malformed(&ClaimError{r, "its name is spelt differently"})
			}
		}
	}
	if err := sc.Err(); err != nil {
		return malformed(err)
	}
	return nil
}

// audience is one string or an array of them (RFC 7519 section 4.1.3).
func audience(sc *Scanner) []string {
	if sc.Raw[0] == '"' {
		return []string{sc.String()}
	}
	return sc.Strings(nil)
}

// date reads a NumericDate (RFC 7519 section 2): seconds, possibly with a fraction,
// from 1970 to the year 9999. A larger number is milliseconds, or wants to overflow.
func date(sc *Scanner) int64 {
	if n, err := strconv.ParseInt(sc.Raw, 10, 64); err == nil && n >= 0 && n <= maxTime && sc.Raw[0] != '-' {
		return n
	}
	if c := sc.Raw[0]; c < '0' || c > '9' {
		sc.fail(errKind)
		return 0
	}
	f, err := strconv.ParseFloat(sc.Raw, 64)
	if err != nil || !(f >= 0 && f <= maxTime) {
		sc.fail(errKind)
		return 0
	}
	return int64(math.Floor(f))
}

// confirmation reads cnf (RFC 7800 section 3.1).
func (c *Claims) confirmation(outer *Scanner) {
	var sc Scanner
	for sc.Scan(outer.Raw); sc.Next(); {
		switch sc.Name {
		case "jkt":
			c.JKT = sc.String()
		case "x5t#S256":
			c.X5T = sc.String()
		}
	}
	if err := sc.Err(); err != nil {
		outer.fail(err)
	}
	c.otherConfirmation = c.JKT == "" && c.X5T == ""
}
