package oauth_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

func TestAuthorizeCode(t *testing.T) {
	d := newDoor(t)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		v := d.authorize(spaID)
		if method == http.MethodPost {
			v = d.browse(http.MethodPost, "/authorize", d.query(spaID).Encode())
		}
		require.Equal(t, http.StatusSeeOther, v.status, v.body)
		require.Equal(t, back+"?", v.to)
		require.Equal(t, "s-1", v.params.Get("state"))
		require.Equal(t, issuer, v.params.Get("iss"))
		a := d.redeem(spaID, v)
		require.Equal(t, http.StatusOK, a.status, a.raw)
		require.True(t, d.active(a.text("access_token")))
		d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
		require.False(t, d.active(a.text("access_token")))
	}
}

func TestAuthorizeHybridAndImplicit(t *testing.T) {
	d := newDoor(t)
	v := d.authorize(frontID, "response_type", "token code", "code_challenge", "", "code_challenge_method", "")
	require.Equal(t, back+"#", v.to)
	front := v.params.Get("access_token")
	require.True(t, d.active(front), "while nobody has redeemed the code")
	a := d.redeem(frontID, v, "code_verifier", "")
	require.Equal(t, 200, a.status, a.raw)
	require.True(t, d.active(front))
	d.redeem(frontID, v, "code_verifier", "").requireError(t, 400, "invalid_grant")
	require.False(t, d.active(front), "a code that was used twice ends what came with it")

	v = d.authorize(frontID, "response_type", "token")
	require.Equal(t, "Bearer", v.params.Get("token_type"))
	require.Equal(t, "600", v.params.Get("expires_in"))
	require.True(t, d.active(v.params.Get("access_token")))
	require.Empty(t, v.params.Get("code"))
	d.authorize(spaID, "response_type", "token").requireSent(t, "unauthorized_client")
	d.authorize(frontID, "response_type", "id_token").requireSent(t, "unsupported_response_type")
}

// Pages carry a sealed request along, and may answer it twice: a button is pressed twice.
func TestApproveTwice(t *testing.T) {
	d := newDoor(t)
	d.person = ""
	require.Equal(t, http.StatusTeapot, d.authorize(spaID).status)
	sealed, err := d.server.Seal(d.last)
	require.NoError(t, err)
	again := func(person string) visit {
		d.person = person
		d.mux = http.NewServeMux()
		d.mux.HandleFunc("/done", func(w http.ResponseWriter, r *http.Request) {
			req, err := d.server.Open(sealed)
			require.NoError(t, err)
			d.approve(w, r, req)
		})
		d.server.Mount(d.mux)
		return d.browse(http.MethodPost, "/done", "")
	}
	first, second := again("mia"), again("mia")
	require.Equal(t, first.params.Get("code"), second.params.Get("code"))
	require.NotEmpty(t, first.params.Get("code"))
	require.Equal(t, http.StatusConflict, again("tom").status, "of one request comes one grant")
	require.Equal(t, http.StatusOK, d.redeem(spaID, first).status)
	require.Equal(t, http.StatusConflict, again("mia").status)
	require.ErrorIs(t, d.err, oauth.ErrAnswered)
}

// A client that is refused a request object hears it in the mode and with the state that
// it has put there, and nothing else of the object counts.
func TestAuthorizeRequestObject(t *testing.T) {
	d := newDoor(t)
	object := func(payload string) string {
		return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "."
	}
	v := d.authorize(spaID, "state", "", "request", object(`{"response_mode":"fragment","state":"inside","redirect_uri":"https://evil.example"}`))
	v.requireSent(t, "request_not_supported")
	require.Equal(t, back+"#", v.to)
	require.Equal(t, "inside", v.params.Get("state"))
	v = d.authorize(spaID, "request", object(`{"response_mode":"form_post","state":"inside"}`))
	require.Equal(t, http.StatusOK, v.status)
	require.Contains(t, v.body, `action="`+back+`"`)
	require.Contains(t, v.body, `value="s-1"`, "a parameter goes before")
	for _, bad := range []string{"x", "x.y.z", object("{"), object(`{"response_mode":7}`), object(`{"response_mode":"web_message"}`)} {
		v := d.authorize(spaID, "request", bad)
		v.requireSent(t, "request_not_supported")
		require.Equal(t, back+"?", v.to)
	}
	d.authorize(frontID, "response_type", "token", "request", object(`{"response_mode":"query"}`)).requireSent(t, "request_not_supported")
	d.authorize(spaID, "request_uri", "https://app.example/r").requireSent(t, "request_uri_not_supported")
	d.authorize(spaID, "registration", "{}").requireSent(t, "registration_not_supported")
}
