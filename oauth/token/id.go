package token

// IDToken has the claims of an ID token (OpenID Connect Core section 2). Issuer,
// Subject, Audience, IssuedAt and Expires are required; what else is empty is absent.
// Times are Unix seconds.
type IDToken struct {
	Issuer          string
	Subject         string
	Audience        []string // the client; with others, AuthorizedParty says which one
	AuthorizedParty string   // azp
	ID              string   // jti
	Nonce           string

	IssuedAt int64
	Expires  int64
	AuthTime int64 // 0: absent

	ACR       string
	AMR       []string
	SessionID string // sid

	AccessTokenHash string // at_hash, see [Key.AppendHash]
	CodeHash        string // c_hash
	StateHash       string // s_hash

	Extra       []byte                           // as in [AccessToken]
	AppendExtra func(dst []byte) ([]byte, error) // as in [AccessToken]
}

// AppendIDToken appends a signed ID token of type JWT. Errors are as of
// [Key.AppendAccessToken].
func (k *Key) AppendIDToken(dst []byte, t *IDToken) ([]byte, error) {
	s := scratches.Get().(*scratch)
	defer s.release()
	w := claimWriter{b: append(s.payload[:0], '{')}
	w.required("iss", t.Issuer)
	w.required("sub", t.Subject)
	w.audience(t.Audience)
	w.optional("azp", t.AuthorizedParty)
	w.times(t.IssuedAt, t.Expires, t.AuthTime)
	w.optional("jti", t.ID)
	w.optional("nonce", t.Nonce)
	w.optional("acr", t.ACR)
	w.list("amr", t.AMR)
	w.optional("sid", t.SessionID)
	w.optional("at_hash", t.AccessTokenHash)
	w.optional("c_hash", t.CodeHash)
	w.optional("s_hash", t.StateHash)
	w.extra(s, t.Extra, t.AppendExtra)
	s.payload = append(w.b, '}')
	if w.err != nil {
		return dst, w.err
	}
	return k.append(dst, TypeIDToken, s.payload, s)
}
