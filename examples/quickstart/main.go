// Quickstart starts an authorization server in memory and then, as an app would,
// signs a person in over HTTP: with a one-time code; with a password and, because
// the app's policy asks for two factors, a code besides. It refreshes, introspects
// and revokes, and shows that what was used is refused.
//
// Every exchange is printed. Whatever is not as it should be ends the program with
// a status other than 0.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Println("quickstart:", err)
		os.Exit(1)
	}
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := "http://" + listener.Addr().String()
	clock := new(clock)

	s, err := newServer(context.Background(), issuer, clock.Now)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	s.provider.Mount(mux)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	defer server.Close()

	fmt.Printf("An authorization server in memory: %s\n", issuer)
	return story(&app{issuer: issuer, now: clock.Now}, s, clock)
}

// clock is the time of server and app. It can be moved, because a one-time code
// is good once: instead of waiting for the next one, half a minute is skipped.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) skip(d time.Duration) {
	c.ahead.Add(int64(d))
	fmt.Printf("\n(%s later)\n", d)
}
