package mintyard_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
)

// TestReadmeShowsTheExample holds the README's host to the one that is compiled.
func TestReadmeShowsTheExample(t *testing.T) {
	src, err := os.ReadFile("directauth/example_test.go")
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(src), "func Example() {\n")
	require.True(t, ok)
	body, _, ok = strings.Cut(body, "\n}\n")
	require.True(t, ok)
	body = strings.TrimSuffix(body, "\n\t// Output:") // it is run too
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, shown, ok := strings.Cut(string(readme), "<!-- directauth/example_test.go -->\n```go\n")
	require.True(t, ok)
	shown, _, ok = strings.Cut(shown, "```\n")
	require.True(t, ok)
	require.Equal(t, strings.ReplaceAll("\n"+body, "\n\t", "\n")[1:]+"\n", shown)
	require.LessOrEqual(t, strings.Count(shown, "\n"), 40, "the host is meant to be short")
}

// documents are those in which a block of code names the file that it is from.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	all := make(map[string]string)
	for _, name := range append(names, "README.md", "ARCHITECTURE.md") {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// block is a block of code, with the file that is named before it.
var block = regexp.MustCompile("(?s)(?:<!-- (\\S+) -->\n)?```(\\w*)\n(.*?)\n```\n")

// TestDocumentsShowWhatRuns: what a block shows stands in an Example, or in what one
// prints, line by line and without a gap. Go is shown in no other way.
func TestDocumentsShowWhatRuns(t *testing.T) {
	seen := 0
	for name, text := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			file, language, shown := m[1], m[2], m[3]
			if file == "" {
				require.NotEqual(t, "go", language, "%s: a block of Go does not say which Example it is from:\n%s", name, shown)
				continue
			}
			seen++
			src, err := os.ReadFile(file)
			require.NoError(t, err, name)
			require.True(t, strings.Contains(plain(string(src)), plain(shown)), "%s shows what is not in %s:\n%s", name, file, shown)
		}
	}
	require.Greater(t, seen, 10)
}

// plain takes what indents a line, and what makes it a comment, away.
func plain(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		l = strings.TrimSpace(l)
		lines[i] = strings.TrimSpace(strings.TrimPrefix(l, "//"))
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// TestDocumentOfPolicies: every document that is shown is one, and every member that
// there is is named.
func TestDocumentOfPolicies(t *testing.T) {
	text := documents(t)["docs/policy.md"]
	loader := policy.Loader{Predicates: []policy.Predicate{{Name: "on_call", Holds: func(policy.Facts) policy.Truth { return policy.Yes }}}}
	read := 0
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		if m[2] != "json" {
			continue
		}
		read++
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(m[3]), &members), m[3])
		_, enrolment := loader.Enrolment([]byte(m[3]))
		_, err := loader.Policy([]byte(m[3]))
		require.True(t, err == nil || enrolment == nil, "neither a policy (%v) nor one of enrolment (%v):\n%s", err, enrolment, m[3])
	}
	require.Greater(t, read, 2)
	for _, v := range []any{policy.Condition{}, policy.DeviceCondition{}, policy.Outcome{}, policy.Requirement{}, policy.EnrolmentRule{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			names(t, "docs/policy.md", text, name)
		}
	}
	for _, acr := range policy.ACRs() {
		names(t, "docs/policy.md", text, acr)
	}
}

// names fails if a text does not say a name as it is written in code.
func names(t *testing.T, file, text, name string) {
	t.Helper()
	if !strings.Contains(text, "`"+name+"`") {
		t.Errorf("%s does not say what `%s` is", file, name)
	}
}

// TestDocumentOfFactors: every type of authenticator is named.
func TestDocumentOfFactors(t *testing.T) {
	text := documents(t)["docs/factors.md"]
	for _, name := range []string{
		authenticator.TypePassword, authenticator.TypeTOTP, authenticator.TypeHOTP, authenticator.TypeSMS, authenticator.TypeVoice,
		authenticator.TypeEmail, authenticator.TypePush, authenticator.TypeWebAuthn, authenticator.TypeRecoveryCodes, authenticator.TypeQuestion,
	} {
		names(t, "docs/factors.md", text, name)
	}
}

// TestDocumentOfDirectAuthentication: every grant and every reason is named.
func TestDocumentOfDirectAuthentication(t *testing.T) {
	text := documents(t)["docs/direct-authentication.md"]
	files, err := filepath.Glob("directauth/*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !regexp.MustCompile(`^(Grant|Reason|Code)[A-Z]`).MatchString(spec.Names[0].Name) {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				found++
				names(t, "docs/direct-authentication.md", text, strings.Trim(lit.Value, `"`))
			}
			return true
		})
	}
	require.Greater(t, found, 20)
}

// TestDocumentOfTheConfiguration: every member of the configuration of authserver is
// in its README.
func TestDocumentOfTheConfiguration(t *testing.T) {
	src, err := os.ReadFile("examples/authserver/config.go")
	require.NoError(t, err)
	text, err := os.ReadFile("examples/authserver/README.md")
	require.NoError(t, err)
	members := regexp.MustCompile("`json:\"([a-z_]+)\"`").FindAllStringSubmatch(string(src), -1)
	require.Greater(t, len(members), 40)
	for _, m := range members {
		names(t, "examples/authserver/README.md", strings.ReplaceAll(string(text), `"`, "`"), m[1])
	}
}
