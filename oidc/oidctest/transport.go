package oidctest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
)

// transport hands requests to the server without a connection.
type transport struct {
	s    *Server
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	issuer, err := url.Parse(t.s.issuer)
	if err != nil {
		return nil, err
	}
	if r.URL.Host != issuer.Host {
		if t.next == nil {
			return nil, fmt.Errorf("oidctest: %s is not the server", r.URL.Host)
		}
		return t.next.RoundTrip(r)
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "192.0.2.1:1234", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	t.s.mux.ServeHTTP(w, in)
	if r.Body != nil {
		r.Body.Close()
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

// bearer sends a token with every request.
type bearer struct {
	next  http.RoundTripper
	token func() (string, error)
}

// RoundTrip implements [http.RoundTripper].
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	tok, err := b.token()
	if err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.Header.Set("Authorization", "Bearer "+tok)
	return b.next.RoundTrip(in)
}
