package main

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

// The script of the check_session_iframe runs in browsers alone, so that the tests of its
// own package cannot: here is a machine with Node.js.
func TestCheckSessionScript(t *testing.T) {
	out, err := exec.Command(servertest.Node(t), "testdata/check-session.mjs", "../../oidc/check_session.js").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "280 asked\n", string(out))
}
