package oauth

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/mintyard/mintyard/store"
)

// maxBody bounds a form body, in bytes.
const maxBody = 64 << 10

// request is everything that one request needs while it is answered, in one
// piece of memory that is used again: the hot path allocates little more than
// the strings that outlive it.
type request struct {
	now       time.Time
	addr      netip.Addr
	signals   Signals
	form      form
	tokenReq  TokenRequest
	auth      Authorization
	issue     Issue
	body      []byte // of the request; decoded in place
	handle    []byte // scratch for handles
	values    []byte // values read from the store
	out       []byte // what is written
	view      viewScratch
	info      TokenInfo // what introspection found
	recs      [2]store.Record
	basicUser string
	json      bool // the body is JSON, and no form
}

var requests = sync.Pool{New: func() any { return new(request) }}

// largest buffer that goes back into the pool.
const maxPooled = 16 << 10

// release forgets the request, so that no secret lives on in the pool, and gives
// its memory back.
func (q *request) release() {
	clear(q.body)
	clear(q.handle)
	clear(q.values)
	clear(q.out)
	q.form.reset()
	q.tokenReq = TokenRequest{}
	q.auth = Authorization{}
	q.issue = Issue{}
	q.info = TokenInfo{}
	q.view.reset()
	q.recs = [2]store.Record{}
	q.basicUser, q.json, q.signals = "", false, Signals{}
	if cap(q.body) > maxPooled || cap(q.values) > maxPooled || cap(q.out) > maxPooled {
		return
	}
	q.body, q.handle, q.values, q.out = q.body[:0], q.handle[:0], q.values[:0], q.out[:0]
	requests.Put(q)
}

var (
	errMethod      = NewError(CodeInvalidRequest, ReasonMethod, "Use POST").WithStatus(http.StatusMethodNotAllowed)
	errContentType = NewError(CodeInvalidRequest, ReasonContentType, "Send application/x-www-form-urlencoded in UTF-8").WithStatus(http.StatusUnsupportedMediaType)
	errEncoding    = NewError(CodeInvalidRequest, ReasonEncoding, "Send the body without a content encoding").WithStatus(http.StatusUnsupportedMediaType)
	errTooLarge    = NewError(CodeInvalidRequest, ReasonBodyTooLarge, "The body is too large").WithStatus(http.StatusRequestEntityTooLarge)
	errBodyRead    = NewError(CodeInvalidRequest, ReasonBodyRead, "The body could not be read")
)

// endpoint turns a function over a parsed request into a handler. It is the only
// place that sees *http.Request: method, type, size and form are judged here,
// once for all endpoints; the query is no source of parameters (RFC 6749
// section 2.3.1).
func (s *Server) endpoint(serve func(ctx context.Context, q *request, h credentials) error) http.Handler {
	return s.door(nil, serve)
}

// door is an endpoint that also takes JSON, unless that is nil.
func (s *Server) door(json *JSONBody, serve func(ctx context.Context, q *request, h credentials) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requests.Get().(*request)
		defer q.release()
		q.now, q.addr = s.now(), s.clientAddr(r)
		if s.config.Signals != nil {
			q.signals = s.config.Signals(r)
		}
		q.tokenReq.Server = s
		err := q.read(r, json)
		if err == nil {
			err = serve(r.Context(), q, credentials(r.Header["Authorization"]))
		} else {
			s.event(r.Context(), Event{Type: EventRequestRefused, Time: q.now, Addr: q.addr, Reason: asError(err).Reason, Err: err})
		}
		if err != nil {
			writeError(w, q, asError(err))
			return
		}
		writeJSON(w, http.StatusOK, q.out)
	})
}

// read judges the request and parses its form, or its JSON if that is not nil.
func (q *request) read(r *http.Request, json *JSONBody) error {
	if r.Method != http.MethodPost {
		return errMethod
	}
	if enc := r.Header["Content-Encoding"]; len(enc) > 0 && !(len(enc) == 1 && enc[0] == "identity") {
		return errEncoding
	}
	if !formType(r.Header["Content-Type"]) {
		if json == nil || !isJSONType(r.Header["Content-Type"]) {
			return errContentType
		}
		q.json = true
	}
	if r.ContentLength > maxBody {
		return errTooLarge
	}
	if err := q.readBody(r.Body); err != nil {
		return err
	}
	if q.json {
		return q.form.parseJSON(q.body, json)
	}
	return q.form.parse(q.body)
}

// readBody reads at most maxBody bytes.
func (q *request) readBody(body io.Reader) error {
	b := q.body[:0]
	if cap(b) == 0 {
		b = make([]byte, 0, 1024)
	}
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := body.Read(b[len(b):min(cap(b), maxBody+1)])
		b = b[:len(b)+n]
		q.body = b
		switch {
		case len(b) > maxBody:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errBodyRead.WithCause(err)
		}
	}
}

// formType accepts the form type alone or in UTF-8; some clients say the charset
// although the type has none.
func formType(header []string) bool {
	const want = "application/x-www-form-urlencoded"
	if len(header) != 1 {
		return false
	}
	if header[0] == want {
		return true
	}
	mediaType, params, err := mime.ParseMediaType(header[0])
	if err != nil || mediaType != want {
		return false
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// connectionAddr is the address of the connection.
func connectionAddr(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
