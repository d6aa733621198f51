package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// start runs the test binary as another process in the role; what it reads and
// says are the pipes.
func start(t *testing.T, role, url string, env ...string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(append(os.Environ(), "SQLSTORE_TEST_ROLE="+role, "SQLSTORE_TEST_URL="+url), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, in, bufio.NewScanner(out)
}

// child is the other process.
func child(role string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	switch url := os.Getenv("SQLSTORE_TEST_URL"); role {
	case "race":
		err = childRace(ctx, url)
	case "write":
		err = childWrite(ctx, url)
	case "migrate":
		err = childMigrate(ctx, url)
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		return 1
	}
	return 0
}

const (
	raceKeys  = 200
	raceAdds  = 100
	raceNodes = 2
)

// childRace says which of the keys it was the first to use, and adds to a counter
// that all share.
func childRace(ctx context.Context, url string) error {
	s, err := sqlstore.Open(ctx, url, sqlstore.Options{MaxConns: 4})
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	now := time.Now()
	var wg sync.WaitGroup
	errs := make(chan error, 3)
	for range 2 {
		wg.Go(func() {
			for i := range raceKeys {
				first, err := store.Once(ctx, s, key("race", strconv.Itoa(i)), now.Unix()+600, now)
				if err != nil {
					errs <- err
					return
				}
				if first {
					fmt.Printf("first %d\n", i)
				}
			}
		})
	}
	wg.Go(func() {
		for range raceAdds {
			_, err := store.Update(ctx, s, key("counter"), func(cur store.Record) (store.Record, error) {
				n, _ := strconv.Atoi(string(cur.Value))
				cur.Value = strconv.AppendInt(nil, int64(n+1), 10)
				return cur, nil
			})
			if err != nil {
				errs <- err
				return
			}
		}
	})
	wg.Wait()
	close(errs)
	return <-errs
}

// Two processes on one database refuse the second use of everything that is good
// once, also when both find the database empty.
func TestTwoProcesses(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		var nodes []*exec.Cmd
		var ins []io.WriteCloser
		var outs []*bufio.Scanner
		for range raceNodes {
			cmd, in, out := start(t, "race", url)
			nodes, ins, outs = append(nodes, cmd), append(ins, in), append(outs, out)
		}
		for _, out := range outs {
			require.True(t, out.Scan(), "the process did not get ready")
		}
		for _, in := range ins {
			_, err := io.WriteString(in, "go\n")
			require.NoError(t, err)
		}
		winners := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, out := range outs {
			wg.Go(func() {
				for out.Scan() {
					if i, ok := strings.CutPrefix(out.Text(), "first "); ok {
						mu.Lock()
						winners[i]++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		for _, cmd := range nodes {
			require.NoError(t, cmd.Wait())
		}
		require.Len(t, winners, raceKeys)
		for i, n := range winners {
			require.Equal(t, 1, n, "key %s", i)
		}
		s := open(t, url, sqlstore.Options{})
		require.Equal(t, strconv.Itoa(raceNodes*raceAdds), string(get(t, s, key("counter")).Value))
	})
}

// childWrite writes two records by turns, for ever, and says what was acknowledged.
func childWrite(ctx context.Context, url string) error {
	s, err := sqlstore.Open(ctx, url, sqlstore.Options{})
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		k := key("written", strconv.Itoa(n%2))
		rec := store.Record{Key: k, Tags: []store.Key{key("tag", strconv.Itoa(n))}}
		_, err := store.Update(ctx, s, k, func(cur store.Record) (store.Record, error) {
			rec.Value = strconv.AppendInt(nil, int64(n), 10)
			return rec, nil
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// A process is killed in the middle of its writes, again and again: what it had
// acknowledged is there, with its tags, and the next process goes on.
func TestKilledWriter(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		for round := range 5 {
			cmd, _, out := start(t, "write", url)
			acked := 0
			for acked < 20+round*7 && out.Scan() {
				n, err := strconv.Atoi(out.Text())
				require.NoError(t, err)
				acked = n
			}
			require.NoError(t, cmd.Process.Kill())
			for out.Scan() { // what it managed to say before the end
				if n, err := strconv.Atoi(out.Text()); err == nil {
					acked = n
				}
			}
			require.Error(t, cmd.Wait())

			s := open(t, url, sqlstore.Options{})
			for n := acked; n > acked-2; n-- {
				k := key("written", strconv.Itoa(n%2))
				got, err := strconv.Atoi(string(get(t, s, k).Value))
				require.NoError(t, err)
				require.GreaterOrEqual(t, got, n)
				require.Contains(t, list(t, s, key("tag", strconv.Itoa(n))), k)
			}
		}
	})
}
