// Package servertest starts the authserver for tests, as those who run it do: what is
// tested is the program, over its connections.
//
//	func TestMain(m *testing.M) { os.Exit(servertest.Main(m, "../..")) }
//
//	p := servertest.Start(t, servertest.Setup{Config: `{"clients": …}`, Args: []string{"-dev"}})
package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the program, built once for the tests of a package.
var binary string

// Main builds the program from its folder, runs the tests and returns their exit status.
// The program has the race detector if the tests have it.
func Main(m *testing.M, folder string) int {
	dir, err := os.MkdirTemp("", "authserver")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "authserver")
	args := []string{"build", "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, ".")...)
	build.Dir, build.Stdout, build.Stderr = folder, os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the authserver:", err)
		return 1
	}
	return m.Run()
}
