package signin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"net/http"
	"strings"
	"time"
)

// file is one that is served beside the pages. Its name has its digest, so that browsers
// may keep it for ever. Styles and scripts are none: they are part of the page, which so
// comes in one round trip.
type file struct {
	name, mediaType string
	data            []byte
}

var endings = map[string]string{
	"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
}

// newLogo is nil if there is no picture.
func newLogo(data []byte) *file {
	if len(data) == 0 {
		return nil
	}
	sum := sha256.Sum256(data)
	t := logoType(data)
	return &file{"logo-" + hex.EncodeToString(sum[:8]) + endings[t], t, bytes.Clone(data)}
}

// static are the files, by name.
func (r *renderer) static() iter.Seq2[string, http.Handler] {
	return func(yield func(string, http.Handler) bool) {
		if r.logo != nil {
			yield(r.logo.name, r.logo)
		}
	}
}

// ServeHTTP implements [http.Handler].
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// A picture that is opened by itself is a document, and an SVG may have scripts.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

// smaller is a style without comments and indentation. It knows the form in which ours is
// written: a line ends where white space does not matter.
func smaller(css string) string {
	for {
		before, rest, ok := strings.Cut(css, "/*")
		if !ok {
			break
		}
		_, after, _ := strings.Cut(rest, "*/")
		css = before + after
	}
	css = strings.Join(strings.Fields(css), " ")
	css = strings.NewReplacer(" { ", "{", " }", "}", "; ", ";", ": ", ":", ", ", ",", " > ", ">", " + ", "+").Replace(css)
	return strings.NewReplacer("} ", "}", ";}", "}").Replace(css)
}

// smallerScript is a script without the comments that have lines of their own, and
// without indentation.
func smallerScript(js string) string {
	var b strings.Builder
	for line := range strings.Lines(js) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
