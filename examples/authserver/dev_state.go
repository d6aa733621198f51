package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// maxAhead is how far the clock can be moved, either way.
const maxAhead = 10 * 365 * 24 * time.Hour

// devClock moves the clock of this process.
func (h *host) devClock(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Advance string `json:"advance"`
	}
	if !readStrict(w, r, &body) {
		return
	}
	d, err := time.ParseDuration(body.Advance)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", "advance: must be a duration such as 5m or -30s")
		return
	}
	for {
		old := h.clock.ahead.Load()
		moved := time.Duration(old) + d
		if d > maxAhead || d < -maxAhead || moved > maxAhead || moved < -maxAhead {
			writeError(w, http.StatusBadRequest, "invalid_request", "advance: the clock can be ten years off, and no more")
			return
		}
		if h.clock.ahead.CompareAndSwap(old, int64(moved)) {
			writeJSON(w, http.StatusOK, map[string]any{"now": h.clock.Now().UTC(), "offset": moved.String()})
			return
		}
	}
}

// devEvents shows the audit events of this process.
func (h *host) devEvents(w http.ResponseWriter, r *http.Request) {
	lines, err := h.events.lines()
	if err != nil {
		h.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(lines)
}

// devStore shows every record as it is stored: a list with a record a line, whose
// values are shown byte for byte, so that a search for a secret would find it.
func (h *host) devStore(w http.ResponseWriter, r *http.Request) {
	out := []byte("[")
	for rec, err := range h.store.(store.Walker).Walk(r.Context()) {
		if err == nil {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out, err = appendRecord(append(out, '\n'), rec)
		}
		if err != nil {
			h.failed(w, r, err)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(out, "\n]\n"...))
}

func appendRecord(out []byte, rec store.Record) ([]byte, error) {
	tags := make([]string, 0, len(rec.Tags))
	for _, t := range rec.Tags {
		tags = append(tags, keyText(t))
	}
	head, err := json.Marshal(struct {
		Key     string   `json:"key"`
		Version string   `json:"version"`
		Expires int64    `json:"expires,omitempty"`
		Tags    []string `json:"tags"`
	}{keyText(rec.Key), strconv.FormatUint(rec.Version, 16), rec.Expires, tags})
	if err != nil {
		return out, err
	}
	out = append(out, head[:len(head)-1]...)
	if json.Valid(rec.Value) {
		out = append(append(out, `,"value":`...), rec.Value...)
	} else {
		out = append(append(out, `,"value_base64":"`...), base64.StdEncoding.EncodeToString(rec.Value)...)
		out = append(out, '"')
	}
	return append(out, '}'), nil
}

func keyText(k store.Key) string {
	return string(rune(k.Kind)) + ":" + hex.EncodeToString(k.Space[:]) + ":" + hex.EncodeToString(k.ID[:])
}

// devRotate promotes the next signing key of every algorithm, or begins a new
// handle key: on every server, or on the one that is named.
func (h *host) devRotate(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 && !readStrict(w, r, new(struct{})) {
		return
	}
	q := r.URL.Query()
	servers, ok := h.narrow(q.Get("server"))
	if !ok {
		writeError(w, http.StatusBadRequest, "invalid_request", "server: no server has this id")
		return
	}
	kind := q.Get("kind")
	if kind == "" {
		kind = "signing"
	}
	if err := choose("kind", kind, []string{"signing", "handle"}); err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	rotated := []map[string]string{}
	for _, s := range servers {
		list, err := s.rotate(r.Context(), kind)
		if err != nil {
			h.failed(w, r, err)
			return
		}
		rotated = append(rotated, list...)
		h.events.observe(r.Context(), oauth.Event{Type: oauth.EventKeysRotated, Time: h.clock.Now(), Server: s.id})
	}
	writeJSON(w, http.StatusOK, map[string]any{"rotated": rotated})
}

// rotate returns the keys that are in use now.
func (s *server) rotate(ctx context.Context, kind string) ([]map[string]string, error) {
	if kind == "handle" {
		if err := s.keys.RotateHandles(ctx); err != nil {
			return nil, fmt.Errorf("server %q: %w", s.id, err)
		}
		id := strconv.FormatUint(uint64(s.keys.Handles.ActiveKey()), 10)
		return []map[string]string{{"server": s.id, "kind": kind, "id": id}}, nil
	}
	var list []map[string]string
	for _, alg := range s.keys.Signing.Algorithms() {
		if err := s.keys.Rotate(ctx, alg); err != nil {
			return nil, fmt.Errorf("server %q: %w", s.id, err)
		}
		list = append(list, map[string]string{"server": s.id, "kind": kind, "alg": string(alg), "kid": s.keys.Signing.Active(alg).ID()})
	}
	return list, nil
}
