package main

import (
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/oauth"
)

// The events of ours.
const eventUserChanged oauth.EventType = "user.changed"

// devUser changes a person, as an administrator would: status, password, groups.
// It answers when the change is durable, and the grants that it ends are ended.
func (h *host) devUser(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if h.users.ids[id] == nil {
		writeError(w, http.StatusNotFound, "not_found", "No user has this id")
		return
	}
	var body struct {
		Status   *string   `json:"status"`
		Password *string   `json:"password"`
		Groups   *[]string `json:"groups"`
	}
	if !readStrict(w, r, &body) {
		return
	}
	c := change{status: body.Status, groups: body.Groups}
	if body.Status != nil {
		if err := choose("status", *body.Status, statuses); err != nil {
			writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
			return
		}
	}
	if body.Password != nil {
		if len(*body.Password) > 1024 {
			writeError(w, http.StatusBadRequest, "invalid_request", "password: has more than 1024 bytes")
			return
		}
		hash, err := h.hash(r.Context(), *body.Password)
		if err != nil {
			h.failed(w, r, err)
			return
		}
		c.passwordHash = &hash
	}
	if err := h.users.change(r.Context(), id, c, h.endSubject); err != nil {
		h.failed(w, r, err)
		return
	}
	p, err := h.users.person(r.Context(), id)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	h.events.observe(r.Context(), oauth.Event{Type: eventUserChanged, Time: h.clock.Now(), Subject: id})
	groups := slices.DeleteFunc(slices.Clone(p.groups), func(g string) bool { return g == everyone })
	writeJSON(w, http.StatusOK, map[string]any{
		"id": id, "username": h.users.ids[id].Username, "status": p.status, "groups": groups,
	})
}
