package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
)

// cookie is what the browser has, and the server has not: of the secret that binds a
// sign-in to a browser nothing is kept here but a digest.
func (f *flow) cookie() string {
	c, err := f.r.Cookie(f.op.CookieName("browser"))
	if err != nil {
		return "" // cannot be: it was looked at first
	}
	return c.Value
}

// conceal encrypts what a page must show again, such as the secret of an app that is being
// set up, under the browser's cookie: it is kept with the sign-in, and who reads the store
// does not read it.
func (f *flow) conceal(text string) (string, error) {
	aead, err := f.aead()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, []byte(text), []byte(f.req.ID))), nil
}

// reveal is the reverse, for the same request in the same browser.
func (f *flow) reveal(concealed string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(concealed)
	if err != nil {
		return "", err
	}
	aead, err := f.aead()
	if err != nil {
		return "", err
	}
	text, err := aead.Open(nil, nil, b, []byte(f.req.ID))
	return string(text), err
}

func (f *flow) aead() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(f.cookie()), nil, "mintyard signin conceal", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
