package oauth

import "net/http"

// CodeUnsupportedResponseType is of RFC 6749 section 4.1.2.1.
const CodeUnsupportedResponseType = "unsupported_response_type"

var errNoResponseType = NewError(CodeUnsupportedResponseType, ReasonResponseType, "This server signs nobody in on a page; its metadata lists no response type")

// AuthorizeHandler is the authorization endpoint (RFC 6749 section 3.1). There is no
// response type yet, as the metadata says, and whoever comes is told. It is there
// because metadata must name it (RFC 8414 section 2), and clients of the direct
// grants that read metadata stop where it does not.
//
// It redirects to nobody: what a request says of a client is not looked at.
func (s *Server) AuthorizeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.WriteError(w, r, errNoResponseType) })
}
