package mintyard_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/mintyard/mintyard"

// rules say what a package may import besides the standard library, and why. The
// first that matches counts. Test files may import what they like, with one
// exception: testify is for them alone.
var rules = []struct {
	pkg    string   // path below the module; "…" at the end: and everything below
	may    []string // paths below the module, or of other modules
	reason string
}{
	{"oauth/token", nil, "a resource server verifies tokens with this package alone, and minting takes no dependencies"},
	{"policy", nil, "pure data in and decision out: it can be asked about anything, anywhere"},
	{"store", nil, "the contract must not know what is stored; an implementation must not need the server"},
	{"store/storetest", []string{"store", "github.com/stretchr/testify/require"}, "the suite that stores must pass imports testing, and the contract only"},
	{"internal/password", []string{"golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt"}, "slow hashes, for client secrets and for passwords"},
	{"internal/enrolment", []string{"store"}, "the authenticators of persons, one record each, whatever the factor"},
	{"internal/outbox", []string{"store"}, "work that is tried until it is done: what it is, and who is told, its callers know"},
	{"internal/egress", nil, "asking addresses that clients chose: the guard must not depend on what it guards"},
	{"authenticator/proving", []string{"authenticator", "oauth", "policy"}, "what a person proves, whatever the door: direct grants and pages differ in what they say about it"},
	{"authenticator", []string{"internal/enrolment", "internal/password", "policy", "store", "github.com/pquerna/otp…", "github.com/go-jose/go-jose/v4…"}, "a factor knows no protocol: the same one serves direct grants and pages"},
	{"oauth", []string{"internal/password", "oauth/token", "policy", "store", "github.com/go-jose/go-jose/v4…"}, "the one path to a token knows neither factors nor OpenID Connect"},
	{"directauth", []string{"authenticator", "authenticator/proving", "oauth", "oauth/token", "policy"}, "a direct sign-in gets its ID token because both go through oauth, not because they know each other"},
	{"oidc", []string{"internal/egress", "internal/outbox", "oauth", "oauth/token", "policy", "store", "github.com/go-jose/go-jose/v4…"}, "as directauth; sessions and consents are records of its own, and JWE is not hand-made"},
	{"oidc/oidctest", []string{"authenticator", "directauth", "oauth", "oauth/token", "oidc", "oidc/signin", "policy", "store", "store/storetest", "github.com/pquerna/otp…"}, "the whole of it, for other people's tests"},
	{"oidc/signin", []string{"authenticator", "authenticator/proving", "oauth", "oauth/token", "oidc", "policy"}, "pages over the same factors and the same policy as the direct grants"},
	{"examples…", []string{"…", "github.com/pquerna/otp…", "github.com/go-jose/go-jose/v4…"}, "an example uses the library as anybody would"},
	{"", nil, "the root is documentation"},
}

func TestArrowsRunDown(t *testing.T) {
	seen := 0
	for dir, imports := range packageImports(t) {
		seen++
		i := slices.IndexFunc(rules, func(r struct {
			pkg    string
			may    []string
			reason string
		}) bool {
			return matches(r.pkg, dir)
		})
		require.NotEqual(t, -1, i, "package %q has no rule: say what it may import, and why", dir)
		for _, imp := range imports {
			if !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
				if imp == "testing" && !strings.HasSuffix(path.Base(dir), "test") {
					t.Errorf("%s imports testing: only …test packages may", dir)
				}
				continue
			}
			ok := slices.ContainsFunc(rules[i].may, func(may string) bool {
				return matches(may, strings.TrimPrefix(imp, module+"/")) && (strings.HasPrefix(imp, module+"/") || strings.Contains(may, "."))
			})
			if !ok {
				t.Errorf("%s must not import %s: %s", dir, imp, rules[i].reason)
			}
		}
	}
	require.Greater(t, seen, 8, "the walk found hardly any package")
}

// TestRequires holds the root module to its four dependencies.
func TestRequires(t *testing.T) {
	b, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	var direct []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9./-]+\.[a-z]+/\S+) v\S+$`).FindAllStringSubmatch(string(b), -1) {
		direct = append(direct, m[1])
	}
	require.ElementsMatch(t, []string{
		"github.com/go-jose/go-jose/v4", "github.com/pquerna/otp", "golang.org/x/crypto", "github.com/stretchr/testify",
	}, direct, "whatever needs more than these is a module of its own")
}

// TestNestedModules: every nested module replaces the root by its own checkout,
// and is in the workspace.
func TestNestedModules(t *testing.T) {
	work, err := os.ReadFile("go.work")
	require.NoError(t, err)
	found := 0
	walk(t, func(p string) {
		if path.Base(p) != "go.mod" || p == "go.mod" {
			return
		}
		found++
		dir := path.Dir(p)
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		up := strings.Repeat("../", strings.Count(dir, "/")+1)
		require.Contains(t, string(b), module+" => "+strings.TrimSuffix(up, "/")+"\n", p)
		require.Contains(t, string(work), "./"+dir+"\n", "go.work does not use %s", dir)
	})
	require.NotZero(t, found)
}

// packageImports maps each package of the root module to what its files import,
// those of tests left out.
func packageImports(t *testing.T) map[string][]string {
	nested := make(map[string]bool)
	walk(t, func(p string) {
		if path.Base(p) == "go.mod" && p != "go.mod" {
			nested[path.Dir(p)] = true
		}
	})
	found := make(map[string][]string)
	walk(t, func(p string) {
		if path.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
			return
		}
		for n := range nested {
			if strings.HasPrefix(p, n+"/") {
				return
			}
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		require.NoError(t, err)
		dir := strings.TrimPrefix(path.Dir(p), ".")
		list := found[dir]
		for _, imp := range f.Imports {
			list = append(list, strings.Trim(imp.Path.Value, `"`))
		}
		found[dir] = list
	})
	return found
}

func walk(t *testing.T, visit func(slashPath string)) {
	require.NoError(t, filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() {
			visit(filepath.ToSlash(p))
		}
		return nil
	}))
}

// matches compares a path with a pattern that may end in "…".
func matches(pattern, p string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "…"); ok {
		return strings.HasPrefix(p, prefix)
	}
	return p == pattern
}
