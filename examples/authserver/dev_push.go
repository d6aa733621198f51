package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
)

// devPush answers a push, as the device would.
func (h *host) devPush(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Answer string  `json:"answer"`
		Number anyText `json:"number"`
	}
	if !readStrict(w, r, &body) {
		return
	}
	if err := choose("answer", body.Answer, []string{"approve", "deny"}); err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	err := h.factors.push.Decide(r.Context(), r.PathValue("id"), authenticator.Decision{
		Approve: body.Answer == "approve", Number: string(body.Number),
	})
	state := "approved"
	switch {
	case errors.Is(err, authenticator.ErrRejected):
		state = "denied"
	case errors.Is(err, authenticator.ErrOver):
		writeError(w, http.StatusNotFound, "not_found", "No push with this id waits for an answer")
		return
	case err != nil:
		h.failed(w, r, err)
		return
	case body.Answer == "deny":
		state = "denied"
	}
	writeJSON(w, http.StatusOK, map[string]string{"state": state})
}

// devEnrolPush begins the enrolment of a device, as an administrator would: what it
// answers is typed into the device.
func (h *host) devEnrolPush(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if h.users.ids[id] == nil {
		writeError(w, http.StatusNotFound, "not_found", "No user has this id")
		return
	}
	var body struct {
		Device string `json:"device"`
	}
	if !readStrict(w, r, &body) {
		return
	}
	a, err := h.factors.push.BeginEnrolment(r.Context(), id, body.Device)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": a.ID, "code": a.Code, "uri": a.URI, "expires": a.Expires.UTC()})
}

// anyText may be empty: who denies has no number to give.
type anyText string

func (a *anyText) decode(path string, raw json.RawMessage) error {
	if err := json.Unmarshal(raw, (*string)(a)); err != nil || raw[0] != '"' {
		return refuse(path, "must be a string")
	}
	return nil
}
