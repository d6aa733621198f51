package sqltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// settings of the server. Commits still wait for their place in the log, so a
// crash of the server alone loses none that was acknowledged.
const settings = `
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
`

// start makes a server in a new folder and starts it. It ends with its stop or, by a guard, when this process ends in whatever way.
func start() (s *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sqltest")
	if err != nil {
		return nil, err
	}
	end := func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			end()
		}
	}()
	if err := giveAway(dir); err != nil {
		return nil, err
	}
	s = &Server{bin: bin, dir: dir}
	if err := s.run("initdb", "-D", dir, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	conf, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conf, "%sunix_socket_directories = '%s'\n", settings, dir)
	if err := errors.Join(err, conf.Close()); err != nil {
		return nil, err
	}
	if s.stop, err = s.guard(); err != nil {
		return nil, err
	}
	end = s.stop
	if err := s.run("pg_ctl", "-D", dir, "-w", "-t", "60", "-l", filepath.Join(dir, "log"), "start"); err != nil {
		return nil, err
	}
	return s, nil
}

// guard starts a process that waits for the end of this one, on a pipe that only
// this one can close, and then stops the server and removes its folder. The
// process has its own group, so that an interrupt at the terminal leaves it alone,
// and none of our output, for which go test would wait.
func (s *Server) guard() (stop func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", `read -r _; "$1/pg_ctl" -D "$2" -m immediate -w stop; rm -rf "$2"`, "guard", s.bin, s.dir)
	cmd.Dir = "/"
	asServer(cmd)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		pipe.Close()
		cmd.Wait()
	}, nil
}

func (s *Server) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	asServer(cmd)
	// A file and not a pipe: the server inherits it and outlives pg_ctl.
	out, err := os.CreateTemp("", "sqltest")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("%s: %w\n%s\n%s", program, err, said, log)
	}
	return nil
}

// programs finds the folder of initdb, pg_ctl and postgres, the newest first.
func programs() (string, error) {
	var dirs []string
	if dir := os.Getenv("MINTYARD_POSTGRES_BIN"); dir != "" {
		dirs = []string{dir}
	} else {
		dirs, _ = filepath.Glob("/usr/lib/postgresql/*/bin")
		slices.SortFunc(dirs, func(a, b string) int { return release(b) - release(a) })
		dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	}
	for _, dir := range dirs {
		complete := true
		for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
			_, err := os.Stat(filepath.Join(dir, name))
			complete = complete && err == nil
		}
		if complete && filepath.IsAbs(dir) {
			return dir, nil
		}
	}
	return "", errMissing
}

func release(dir string) int {
	n, _ := strconv.Atoi(strings.Split(dir, "/")[4]) // /usr/lib/postgresql/N/bin
	return n
}
