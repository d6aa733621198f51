package main

import (
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// devHandler serves /dev: looking into the server and moving its clock, for tests
// and for people who want to see. Only with -dev, and only to this machine.
func (h *host) devHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/outbox", h.devOutbox)
	mux.HandleFunc("POST /dev/push/{id}", h.devPush)
	mux.HandleFunc("POST /dev/clock", h.devClock)
	mux.HandleFunc("PATCH /dev/users/{id}", h.devUser)
	mux.HandleFunc("POST /dev/users/{id}/push", h.devEnrolPush)
	mux.HandleFunc("GET /dev/events", h.devEvents)
	mux.HandleFunc("GET /dev/store", h.devStore)
	mux.HandleFunc("POST /dev/keys/rotate", h.devRotate)
	mux.HandleFunc("POST /dev/policy", h.devPolicy)
	return devGuard(mux)
}

// devGuard keeps strangers out. The address is the connection's: a header can say
// anything. The Host must be this machine's too, or any page in the developer's
// browser could have its own name resolved to 127.0.0.1 and read the store. What
// comes through a proxy comes from who knows where.
func devGuard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		switch {
		case err != nil || !from.Addr().Unmap().IsLoopback():
			writeError(w, http.StatusForbidden, "access_denied", "/dev is for this machine alone")
		case !oauth.Loopback(hostname(r.Host)):
			writeError(w, http.StatusForbidden, "access_denied", "/dev is for a loopback Host alone")
		case proxied(r.Header):
			writeError(w, http.StatusForbidden, "access_denied", "/dev is not for proxies")
		case (r.Method == http.MethodPost || r.Method == http.MethodPatch) && !isJSON(r.Header):
			// A page of another origin can post a form without asking, but not this.
			writeError(w, http.StatusUnsupportedMediaType, "invalid_request", "Send Content-Type: application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// hostname is the Host without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func proxied(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

func isJSON(h http.Header) bool {
	list := h.Values("Content-Type")
	if len(list) != 1 {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(list[0])
	return err == nil && mediaType == "application/json"
}

// devBody is the most that a body of /dev may have, in bytes.
const devBody = 64 << 10

// readStrict reads the body as strictly as the configuration. If it returns false
// it has written the answer.
func readStrict(w http.ResponseWriter, r *http.Request, dst any) bool {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, devBody))
	if err == nil {
		err = decodeStrict(b, dst)
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return false
	}
	return true
}

// failed answers that something of ours did not work, and logs what.
func (h *host) failed(w http.ResponseWriter, r *http.Request, err error) {
	h.events.log.ErrorContext(r.Context(), "dev", "path", r.URL.Path, "error", err.Error())
	writeError(w, http.StatusServiceUnavailable, oauth.CodeTemporarilyUnavailable, "The server cannot answer now; the log says why")
}
