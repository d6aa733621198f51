//go:build !unix

package sqltest

import (
	"fmt"
	"os/exec"
	"runtime"
)

func giveAway(string) error {
	return fmt.Errorf("%w (not supported on %s)", errMissing, runtime.GOOS)
}

func asServer(*exec.Cmd) {}
