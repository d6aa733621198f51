package authenticator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/internal/password"
	"github.com/mintyard/mintyard/policy"
)

// Verify implements [Verifier]; the method is "question". An answer of more than a
// few hundred characters, or without a letter or digit, is refused at once.
func (q *Question) Verify(ctx context.Context, id Identity, answer string) (policy.Method, error) {
	if len(answer) > password.MaxLength {
		return policy.Method{}, ErrRefused
	}
	normal := normalAnswer(answer)
	if n := utf8.RuneCountInString(normal); n == 0 || n > maxAnswer {
		return policy.Method{}, ErrRefused
	}
	caller := ctx
	ctx, cancel := detach(caller)
	defer cancel()
	e, err := q.book.Read(ctx, id.Subject, questionID)
	if err != nil && !errors.Is(err, enrolment.ErrNone) {
		return policy.Method{}, unavailable("reading the question", err)
	}
	hash := string(e.Secret) // "" of those who have none: as much work
	if id.Subject == "" {
		hash = ""
	}
	// The place comes before the count, as with a password.
	slot, err := q.hasher.Enter(caller, hash)
	switch {
	case errors.Is(err, password.ErrBusy):
		return policy.Method{}, ErrBusy
	case err != nil:
		return policy.Method{}, unavailable("verifying the answer", err)
	}
	defer slot.Leave()
	attempt, err := q.guard.reserve(ctx, id)
	if err != nil {
		if errors.Is(err, ErrLocked) {
			slot.Verify(normal) // as much work as for one that is not locked
		}
		return policy.Method{}, err
	}
	if ok, _ := slot.Verify(normal); !ok {
		return policy.Method{}, ErrRefused
	}
	now := q.book.Now()
	_, err = q.book.Change(ctx, id.Subject, questionID, func(cur *enrolment.Entry) error {
		if !bytes.Equal(cur.Secret, e.Secret) {
			return errUsed // it was replaced meanwhile
		}
		cur.Used = now
		return nil
	})
	switch {
	case errors.Is(err, errUsed), errors.Is(err, enrolment.ErrNone):
		return policy.Method{}, ErrRefused
	case err != nil:
		return policy.Method{}, unavailable("storing the success", err)
	}
	if err := q.guard.succeed(ctx, attempt); err != nil {
		return policy.Method{}, err
	}
	m := questionMethod
	m.At = now
	return m, nil
}

// questionData is what an entry holds of it.
type questionData struct {
	Question string `json:"question"`
}

func setQuestion(e *enrolment.Entry, question string) error { return setData(e, "question", question) }

// Text is the person's question, or "" for one who has none. It is for those who
// have proved something already: to others it would tell who exists.
func (q *Question) Text(ctx context.Context, subject string) (string, error) {
	if subject == "" {
		return "", nil
	}
	e, err := q.book.Read(ctx, subject, questionID)
	if errors.Is(err, enrolment.ErrNone) {
		return "", nil
	}
	var d questionData
	if err == nil && json.Unmarshal(e.Data, &d) != nil {
		err = errRecord
	}
	if err != nil {
		return "", unavailable("reading the question", err)
	}
	return d.Question, nil
}

// Available implements [Verifier].
func (q *Question) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	text, err := q.Text(ctx, subject)
	if err != nil || text == "" {
		return nil, err
	}
	return []policy.Method{questionMethod}, nil
}

// Type implements [Manager].
func (q *Question) Type() string { return TypeQuestion }

// Authenticators implements [Manager].
func (q *Question) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := q.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading the question", err)
	}
	list := make([]Authenticator, 0, len(all))
	for _, e := range all {
		list = append(list, Authenticator{ID: e.ID, Type: TypeQuestion, Name: e.Name, Active: true, Created: e.Created, Used: e.Used})
	}
	return list, nil
}

// Rename implements [Manager]. The name is not the question: see [Question.Text].
func (q *Question) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, q.book, "authenticator", subject, id, name)
}

// Remove implements [Manager].
func (q *Question) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	return bookError("removing the question", q.book.Remove(ctx, subject, id))
}
