package authenticator_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

const (
	asked    = "In which street did you grow up?"
	answered = "St. Joseph's Row 12"
)

// newQuestion makes the factor; mia has a question.
func newQuestion(t testing.TB, s store.Store, edit ...func(*authenticator.QuestionConfig)) *authenticator.Question {
	t.Helper()
	c := authenticator.QuestionConfig{Store: s, Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1}), Params: cheap, Queue: 500}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewQuestion(c)
	require.NoError(t, err)
	require.NoError(t, f.Set(t.Context(), mia.Subject, asked, answered))
	return f
}

func TestQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newQuestion(t, store.NewMemory(), func(c *authenticator.QuestionConfig) { c.Limit = 20 })
		ctx := t.Context()
		for _, answer := range []string{answered, "st josephs row 12", " ST. JOSEPH’S  ROW, 12 ", "stjosephsrow12"} {
			m, err := f.Verify(ctx, mia, answer)
			require.NoError(t, err, answer)
			require.Equal(t, policy.Method{Name: "question", Types: policy.Knowledge, At: time.Now()}, m)
		}
		for _, answer := range []string{"", " ", "?!", "st josephs row 13", "St. Joseph's Row", answered + " x", strings.Repeat(answered, 1<<16)} {
			_, err := f.Verify(ctx, mia, answer)
			require.Equal(t, authenticator.ErrRefused, err)
		}
		for _, id := range []authenticator.Identity{tom, nobody, {}, {Hint: mia.Subject}} {
			_, err := f.Verify(ctx, id, answered)
			require.Equal(t, authenticator.ErrRefused, err)
		}
		text, err := f.Text(ctx, mia.Subject)
		require.NoError(t, err)
		require.Equal(t, asked, text)
		for _, subject := range []string{tom.Subject, ""} {
			text, err = f.Text(ctx, subject)
			require.NoError(t, err)
			require.Empty(t, text)
		}
		methods, err := f.Available(ctx, mia.Subject)
		require.NoError(t, err)
		require.Equal(t, []policy.Method{{Name: "question", Types: policy.Knowledge}}, methods)

		// Another one replaces it.
		time.Sleep(time.Hour)
		require.NoError(t, f.Set(ctx, mia.Subject, "Die erste Straße?", "Ἀκαδημία 7"))
		_, err = f.Verify(ctx, mia, answered)
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = f.Verify(ctx, mia, "ἀκαδημία 7")
		require.NoError(t, err)
		now := time.Unix(time.Now().Unix(), 0)
		require.NoError(t, f.Rename(ctx, mia.Subject, "question", "the old one"))
		list, err := f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.Equal(t, []authenticator.Authenticator{{ID: "question", Type: "question", Name: "the old one", Active: true, Created: now, Used: now}}, list)
		require.NoError(t, f.Remove(ctx, mia.Subject, "question"))
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(ctx, mia.Subject, "question"))
		_, err = f.Verify(ctx, mia, "Ἀκαδημία 7")
		require.Equal(t, authenticator.ErrRefused, err)
	})
}

func TestQuestionRefuses(t *testing.T) {
	f := newQuestion(t, store.NewMemory())
	ctx := t.Context()
	for _, answer := range []string{"", "abc", "a b c", "?!?!?!", "GROW up?", strings.Repeat("x", 201)} {
		require.Equal(t, authenticator.ErrAnswer, f.Set(ctx, tom.Subject, asked, answer), "%.20q", answer)
	}
	for _, question := range []string{"", "  ", strings.Repeat("x", 201), "a\nb", "a\xffb"} {
		require.Error(t, f.Set(ctx, tom.Subject, question, answered), question)
	}
	require.Error(t, f.Set(ctx, "", asked, answered))
	methods, err := f.Available(ctx, tom.Subject)
	require.NoError(t, err)
	require.Empty(t, methods)

	good := authenticator.QuestionConfig{Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1}), Params: cheap}
	for field, edit := range map[string]func(*authenticator.QuestionConfig){
		"Store":       func(c *authenticator.QuestionConfig) { c.Store = nil },
		"Namespace":   func(c *authenticator.QuestionConfig) { c.Namespace = "" },
		"Sealer":      func(c *authenticator.QuestionConfig) { c.Sealer = nil },
		"Params.Time": func(c *authenticator.QuestionConfig) { c.Params.Time = 0 },
		"Ceiling":     func(c *authenticator.QuestionConfig) { c.Ceiling = 3 },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewQuestion(c)
		require.ErrorContains(t, err, "authenticator: QuestionConfig."+field+": ")
	}
}

// Answers are few: five wrong ones lock.
func TestQuestionLock(t *testing.T) {
	f := newQuestion(t, store.NewMemory())
	for range 5 {
		_, err := f.Verify(t.Context(), mia, "wrong answer")
		require.Equal(t, authenticator.ErrRefused, err)
	}
	_, err := f.Verify(t.Context(), mia, answered)
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.NoError(t, f.Unlock(t.Context(), mia.Subject))
	_, err = f.Verify(t.Context(), mia, answered)
	require.NoError(t, err)
}
