package authenticator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/internal/password"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// QuestionConfig says where security questions are.
type QuestionConfig struct {
	Store     store.Store   // required: keeps questions, counts attempts
	Namespace string        // required: people of one name space share their questions
	Sealer    *store.Sealer // required: seals the hash of the answer in the store

	// Params are those of the hashes, and Parallel and Queue say how many are
	// computed at once, as in [PasswordConfig].
	Params          HashParams
	Parallel, Queue int

	// Limits of wrong answers of a person: 0 is 5 that lock for an hour, 20 that
	// disable, and 50 in 30 days, because answers are few.
	Limits

	Now func() time.Time // nil means time.Now
}

var questionLimits = Limits{Limit: 5, CoolDown: time.Hour, Disable: 20, Ceiling: 50}

const (
	questionID  = "question" // each person has one
	maxQuestion = 200        // characters
	minAnswer   = 4          // letters and digits; Okta has the same
	maxAnswer   = 200
)

// Question is a question that the person answers. It is a [Verifier] and a
// [Manager], made by [NewQuestion].
//
// It is weak. Friends know answers, strangers look them up, and many people give
// the same: NIST SP 800-63B-4 section 3.1.1.2 admits no such authenticator. It is
// here for hosts that have it already; let a policy accept it for recovery
// beside another factor at most, never alone.
type Question struct {
	book   *enrolment.Book
	guard  *guard
	hasher *password.Hasher
}

var (
	_ Verifier = (*Question)(nil)
	_ Manager  = (*Question)(nil)
)

// ErrAnswer says that an answer cannot be set: it has too few letters and digits, too
// many, or stands in the question.
var ErrAnswer = errors.New("authenticator: the answer is too short, too long, or part of the question")

// NewQuestion checks the configuration. An error names the field that is wrong.
func NewQuestion(c QuestionConfig) (*Question, error) {
	fail := func(err error) (*Question, error) {
		return nil, fmt.Errorf("authenticator: QuestionConfig.%w", err)
	}
	switch {
	case c.Store == nil:
		return fail(fieldError("Store", "is required"))
	case c.Namespace == "":
		return fail(fieldError("Namespace", "is required"))
	case c.Sealer == nil:
		return fail(fieldError("Sealer", "is required"))
	}
	if err := c.Limits.complete(questionLimits); err != nil {
		return fail(err)
	}
	hasher, err := password.New(password.Config{Params: password.Params(c.Params), Parallel: c.Parallel, Queue: c.Queue})
	if err != nil {
		return fail(err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	sp := newSpace(c.Namespace)
	return &Question{
		hasher: hasher, guard: newGuard(c.Store, sp, TypeQuestion, c.Limits, c.Now),
		book: &enrolment.Book{
			Store: c.Store, Space: sp, Kind: kindQuestion, Label: TypeQuestion, Person: kindPerson, Sealer: c.Sealer, Now: c.Now, Max: 1,
		},
	}, nil
}

// Set gives the person a question and its answer, in place of what there was. Of the
// answer only letters and digits count, upper and lower case alike. [ErrAnswer]
// says that it will not do.
//
// Whoever asks must have proved as much as the person's account demands.
func (q *Question) Set(ctx context.Context, subject, question, answer string) error {
	question = strings.TrimSpace(question)
	n := utf8.RuneCountInString(question)
	switch {
	case subject == "":
		return errSubject
	case n == 0 || n > maxQuestion || !utf8.ValidString(question) || strings.ContainsFunc(question, unicode.IsControl):
		return fmt.Errorf("authenticator: the question must have 1 to %d characters, and no control characters", maxQuestion)
	}
	normal := normalAnswer(answer)
	if n := utf8.RuneCountInString(normal); n < minAnswer || n > maxAnswer || strings.Contains(normalAnswer(question), normal) {
		return ErrAnswer
	}
	hash, err := q.hasher.Hash(ctx, normal)
	switch {
	case errors.Is(err, password.ErrBusy):
		return ErrBusy
	case err != nil:
		return unavailable("hashing", err)
	}
	replace := func(e *enrolment.Entry) error {
		e.Secret, e.Created, e.Used = []byte(hash), q.book.Now(), time.Time{}
		return setQuestion(e, question)
	}
	_, err = q.book.Change(ctx, subject, questionID, replace)
	if errors.Is(err, enrolment.ErrNone) {
		e := enrolment.Entry{ID: questionID, Confirmed: q.book.Now(), Data: []byte("{}")}
		if err = replace(&e); err == nil {
			_, err = q.book.Add(ctx, subject, e)
		}
		if errors.Is(err, store.ErrConflict) || errors.Is(err, enrolment.ErrTooMany) { // set twice in the same moment
			_, err = q.book.Change(ctx, subject, questionID, replace)
		}
	}
	return bookError("storing the question", err)
}

// normalAnswer keeps letters, marks and digits, in lower case.
func normalAnswer(answer string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, answer)
}

// Unlock forgets the failures of a person, as an operator's act.
func (q *Question) Unlock(ctx context.Context, subject string) error {
	return q.guard.unlock(ctx, subject)
}

// questionMethod is what an answer proves.
var questionMethod = policy.Method{Name: TypeQuestion, Types: policy.Knowledge}
