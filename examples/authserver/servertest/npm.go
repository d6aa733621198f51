package servertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// nodeMajor is the oldest Node.js on which the clients were seen to work.
const nodeMajor = 20

// NPM installs the clients of a folder into a copy of it, exactly as its lock file says,
// and runs none of their install scripts. Without Node.js and npm the test fails: were it
// skipped, nobody would see that it was.
func NPM(t testing.TB, folder string) (node, dir string) {
	t.Helper()
	node, dir = Node(t), t.TempDir()
	files, err := filepath.Glob(filepath.Join(folder, "*.*"))
	require.NoError(t, err)
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o600))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // the first time they are fetched
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = dir
	out, err := npm.CombinedOutput()
	require.NoError(t, err, "npm ci: %s", out)
	return node, dir
}

// Node is Node.js. Without it, or npm, the test fails.
func Node(t testing.TB) string {
	t.Helper()
	install := "; install Node.js " + strconv.Itoa(nodeMajor) + " or newer with npm (Debian: apt-get install nodejs npm) and run the test again"
	_, err := exec.LookPath("npm")
	require.NoError(t, err, "npm is missing"+install)
	node, err := exec.LookPath("node")
	require.NoError(t, err, "node is missing"+install)
	out, err := exec.Command(node, "--version").Output()
	require.NoError(t, err)
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	major, err := strconv.Atoi(strings.Split(version, ".")[0])
	require.NoError(t, err, version)
	require.GreaterOrEqual(t, major, nodeMajor, "node is "+version+install)
	return node
}
