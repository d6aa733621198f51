package token

// AccessToken has the claims of an RFC 9068 access token. Issuer, Subject, ClientID, ID,
// Audience, IssuedAt and Expires are required (section 2.2); what else is empty is
// absent. Times are Unix seconds.
type AccessToken struct {
	Issuer   string
	Subject  string
	ClientID string
	ID       string   // jti
	Audience []string // one: a string; several: an array
	Scopes   []string // "scope", with spaces between them

	IssuedAt int64
	Expires  int64
	AuthTime int64 // 0: absent

	ACR       string
	AMR       []string
	SessionID string // sid

	JKT string // cnf.jkt: thumbprint of the sender's DPoP key (RFC 9449 section 6.1)
	X5T string // cnf["x5t#S256"]: of the sender's certificate (RFC 8705 section 3.1)

	Actor []byte // "act" as a JSON object (RFC 8693 section 4.1)

	// Extra has members of the host's own as JSON without braces: `"a":1,"b":[2]`.
	// One with the name of a registered claim, however it is written, and two with one
	// name are refused. AppendExtra appends more of them; it must only append.
	Extra       []byte
	AppendExtra func(dst []byte) ([]byte, error)
}

// AppendAccessToken appends a signed access token of type at+jwt. A claim that may not
// be so is a *[ClaimError]; on any error dst is returned at its length.
func (k *Key) AppendAccessToken(dst []byte, t *AccessToken) ([]byte, error) {
	s := scratches.Get().(*scratch)
	defer s.release()
	w := claimWriter{b: append(s.payload[:0], '{')}
	w.required("iss", t.Issuer)
	w.required("sub", t.Subject)
	w.audience(t.Audience)
	w.required("client_id", t.ClientID)
	w.times(t.IssuedAt, t.Expires, t.AuthTime)
	w.required("jti", t.ID)
	w.scope(t.Scopes)
	w.optional("acr", t.ACR)
	w.list("amr", t.AMR)
	w.optional("sid", t.SessionID)
	w.confirmation(t.JKT, t.X5T)
	w.object("act", t.Actor)
	w.extra(s, t.Extra, t.AppendExtra)
	s.payload = append(w.b, '}')
	if w.err != nil {
		return dst, w.err
	}
	return k.append(dst, TypeAccessToken, s.payload, s)
}
