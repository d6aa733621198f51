package authenticator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
)

// maxPushBody bounds what a device posts: a key, and a token.
const maxPushBody = 16 << 10

// Handler serves devices, below wherever it is mounted (with [http.StripPrefix]):
//
//	POST /activate    {"jwk": {…}, "proof": "…"}   → {"device_id", "subject"}
//	POST /challenges  {"request": "…"}             → {"challenges": […], "interval": 5}
//	POST /answer      {"answer": "…"}              → {"state": "approved" | "denied"}
//
// The tokens are those of [Push.Activate], [Push.Pending] and [Push.Answer], and the
// challenges are [PendingPush]. Every body is JSON. An error is {"error",
// "error_description"}, with one of the codes invalid_request, invalid_key,
// invalid_token, invalid_activation, challenge_over, not_found, method_not_allowed,
// unsupported_media_type, request_too_large and temporarily_unavailable.
func (f *Push) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request){
		"/activate": f.serveActivate, "/challenges": f.serveChallenges, "/answer": f.serveAnswer,
	} {
		mux.HandleFunc("POST "+path, serve)
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", http.MethodPost)
			writePushError(w, http.StatusMethodNotAllowed, "method_not_allowed", "Only POST is served here")
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writePushError(w, http.StatusNotFound, "not_found", "There is nothing here")
	})
	return mux
}

func (f *Push) serveActivate(w http.ResponseWriter, r *http.Request) {
	var body struct {
		JWK   json.RawMessage `json:"jwk"`
		Proof string          `json:"proof"`
	}
	if !readPush(w, r, &body) {
		return
	}
	device, err := f.Activate(r.Context(), body.JWK, body.Proof)
	if err != nil {
		failPush(w, err)
		return
	}
	writePush(w, http.StatusOK, device)
}

func (f *Push) serveChallenges(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Request string `json:"request"`
	}
	if !readPush(w, r, &body) {
		return
	}
	pending, err := f.Pending(r.Context(), body.Request)
	if err != nil {
		failPush(w, err)
		return
	}
	writePush(w, http.StatusOK, struct {
		Challenges []PendingPush `json:"challenges"`
		Interval   int           `json:"interval"`
	}{append([]PendingPush{}, pending...), int(pollInterval.Seconds())})
}

func (f *Push) serveAnswer(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Answer string `json:"answer"`
	}
	if !readPush(w, r, &body) {
		return
	}
	denied, err := f.answer(r.Context(), body.Answer)
	state := "approved"
	switch {
	case denied, errors.Is(err, ErrRejected):
		state = "denied"
	case err != nil:
		failPush(w, err)
		return
	}
	writePush(w, http.StatusOK, map[string]string{"state": state})
}

// failPush writes an error for which the device can do something, or not.
func failPush(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrKey):
		writePushError(w, http.StatusBadRequest, "invalid_key", "The key must be a public JWK of ES256, EdDSA or RS256")
	case errors.Is(err, ErrRefused):
		writePushError(w, http.StatusUnauthorized, "invalid_token", "The token is not good, or not of a device that is known here")
	case errors.Is(err, ErrNoAuthenticator):
		writePushError(w, http.StatusNotFound, "invalid_activation", "The activation code is unknown, used or over")
	case errors.Is(err, ErrOver):
		writePushError(w, http.StatusGone, "challenge_over", "There is no such challenge, or it is over, or was answered otherwise")
	default:
		writePushError(w, http.StatusServiceUnavailable, "temporarily_unavailable", "Try again later")
	}
}

// readPush reads one JSON object. It writes the error if it cannot.
func readPush(w http.ResponseWriter, r *http.Request, into any) bool {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		writePushError(w, http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json")
		return false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPushBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writePushError(w, http.StatusRequestEntityTooLarge, "request_too_large", "The body is too large")
		return false
	case err != nil:
		writePushError(w, http.StatusBadRequest, "invalid_request", "The body cannot be read")
		return false
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' || json.Unmarshal(b, into) != nil {
		writePushError(w, http.StatusBadRequest, "invalid_request", "The body is not the JSON object that is asked for")
		return false
	}
	return true
}

func writePushError(w http.ResponseWriter, status int, code, description string) {
	writePush(w, status, map[string]string{"error": code, "error_description": description})
}

func writePush(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil { // of plain structs of text and times: never
		status, b = http.StatusInternalServerError, []byte(`{"error":"temporarily_unavailable"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
