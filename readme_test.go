package mintyard_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
